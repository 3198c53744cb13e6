import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeSockets } from '../contract/socket.ts';
import { knock, open } from '../contract/socket-client.ts';
import { type Demo, startDemo } from '../demo.ts';

/**
 * The contract on the local cloud and, for whoever has deployed the gateway and the demo, on a real stage:
 * CONTRACT_PAGE_URL=https://… CONTRACT_WEBSOCKET_URL=wss://… npx vitest run --project integration sockets
 */
const { CONTRACT_PAGE_URL: pageUrl, CONTRACT_WEBSOCKET_URL: webSocketUrl } = process.env;
if (pageUrl !== undefined && webSocketUrl !== undefined) {
  describeSockets('A deployed stage', () => ({ pageUrl, webSocketUrl }));
}

describe('On this machine', () => {
  let demo: Demo;
  beforeAll(async () => {
    demo = await startDemo();
  });
  afterAll(() => demo.close());

  describeSockets('the local cloud', () => demo);

  const enter = async () => {
    const authorization = `Basic ${btoa('gonzalo:password')}`;
    const login = await fetch(`${demo.pageUrl}/login`, { headers: { authorization }, redirect: 'manual' });
    const cookie = login.headers.getSetCookie()[0]?.split(';')[0] ?? '';
    const token = cookie.slice(cookie.indexOf('=') + 1);
    return { token, handshake: { url: `${demo.webSocketUrl}?token=${token}`, origin: demo.pageUrl } };
  };

  it('says connected and disconnected, with code and reason, in one line each', async () => {
    const { handshake } = await enter();
    const socket = await open(handshake);
    await socket.frame('pusher:connection_established');
    await socket.close();
    const line = await demo.logged((record) => record.code === 1005);
    expect(line).toMatchObject({
      message: 'disconnected',
      reason: 'Client-side close frame status not set',
      Disconnected: 1,
    });
    const about = demo.records().filter(({ connectionId }) => connectionId === line.connectionId);
    expect(about.map(({ message }) => message).sort()).toEqual(['connected', 'disconnected', 'welcomed']);
  });

  it('leaves no row behind when the socket has closed', async () => {
    const { handshake } = await enter();
    const socket = await open(handshake);
    await socket.frame('pusher:connection_established');
    expect(await demo.rows('Connections')).toHaveLength(1);
    await socket.close(4322, '');
    await demo.logged((record) => record.code === 4322);
    expect(await demo.rows('Connections')).toEqual([]);
  });

  it('asks PHP once per handshake, and not at all for a malformed token or without one', async () => {
    const { handshake } = await enter();
    const authorizations = () => demo.invocations('Authorizer');
    const before = authorizations();
    await knock(handshake);
    expect(authorizations() - before).toBe(1);
    await knock({ url: demo.webSocketUrl, origin: demo.pageUrl });
    expect(authorizations() - before).toBe(1);
  });

  it('has written no token, cookie or secret into any log', async () => {
    const { token, handshake } = await enter();
    const socket = await open(handshake);
    await socket.frame('pusher:connection_established');
    await knock({ ...handshake, url: `${handshake.url}x` });
    await knock({ ...handshake, origin: `https://evil.example?${token.length}` });
    await socket.close(4323, '');
    await demo.logged((record) => record.code === 4323);

    const everything = JSON.stringify(demo.log);
    const [secret] = Object.values(demo.cloud.secrets).map((value) => JSON.parse(value).secret);
    expect(everything).toContain('handshake refused');
    expect(everything).not.toContain(token);
    expect(everything).not.toContain('PHPSESSID');
    expect(everything).not.toContain(secret);
  });
});
