import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectionIdOf } from '../../functions/core/connections/connection.ts';
import { type PusherSocket, speakPusher } from '../contract/pusher-socket.ts';
import { describeSockets } from '../contract/socket.ts';
import { type Demo, startDemo } from '../gateway/demo.ts';
import { Visitor } from '../php/visitor.ts';
import { connect, handshakeStatus } from '../socket-client.ts';

/**
 * The contract on the local cloud. If you have deployed the gateway and the demo, run it on a real stage:
 * CONTRACT_PAGE_URL=https://… CONTRACT_WEBSOCKET_URL=wss://… npx vitest run --project integration sockets
 */
const { CONTRACT_PAGE_URL: pageUrl, CONTRACT_WEBSOCKET_URL: webSocketUrl } = process.env;
if (pageUrl !== undefined && webSocketUrl !== undefined) {
  describeSockets('A deployed stage', () => ({ pageUrl, webSocketUrl }));
}

describe('On this machine', () => {
  let demo: Demo;
  beforeAll(async () => {
    demo = await startDemo({ context: { mode: 'session-id' } });
  });
  afterAll(() => demo.close());

  describeSockets('the local cloud', () => demo);

  const enter = async () => {
    const visitor = new Visitor(demo.pageUrl);
    await visitor.logIn();
    const token = await visitor.fetchToken();
    return { token, url: `${demo.webSocketUrl}?token=${token}`, options: { origin: demo.pageUrl } };
  };

  it('logs connected and disconnected, with code and reason, in one line each', async () => {
    const { url, options } = await enter();
    const socket = speakPusher(await connect(url, options));
    const connectionId = await connectionIdOn(socket);
    await demo.logged((record) => record['connectionId'] === connectionId && record['message'] === 'welcomed');
    await socket.close();
    await demo.logged((record) => record['connectionId'] === connectionId && record['code'] === 1005);
    const lines = demo.records().filter((record) => record['connectionId'] === connectionId);
    expect(lines).toMatchObject([
      { message: 'connected', Connected: 1 },
      { message: 'welcomed', Delivered: 1 },
      { message: 'disconnected', reason: 'Client-side close frame status not set', Disconnected: 1 },
    ]);
  });

  it('leaves no row behind when the socket has closed', async () => {
    const { url, options } = await enter();
    const socket = speakPusher(await connect(url, options));
    const connectionId = await connectionIdOn(socket);
    const rows = async () => JSON.stringify(await demo.rows('Connections'));
    expect(await rows()).toContain(connectionId);
    await socket.close();
    await demo.logged((record) => record['connectionId'] === connectionId && record['message'] === 'disconnected');
    expect(await rows()).not.toContain(connectionId);
  });

  it('asks PHP once per handshake, and not at all for a malformed token or without one', async () => {
    const { url, options } = await enter();
    const authorizations = () => demo.invocations('Authorizer');
    const before = authorizations();
    await handshakeStatus(url, options);
    expect(authorizations() - before).toBe(1);
    await handshakeStatus(demo.webSocketUrl, options);
    expect(authorizations() - before).toBe(1);
  });

  it('has written no token, cookie or secret into any log', async () => {
    const { token, url, options } = await enter();
    const socket = speakPusher(await connect(url, options));
    await socket.frame('pusher:connection_established');
    await handshakeStatus(`${url}x`, options);
    await handshakeStatus(url, { origin: `https://evil.example?${token.length}` });
    await socket.close(4323, '');
    await demo.logged((record) => record['code'] === 4323);

    const everything = JSON.stringify(demo.log);
    const { secret } = demo.credentials;
    expect(everything).toContain('handshake refused');
    expect(everything).not.toContain(token);
    expect(everything).not.toContain('PHPSESSID');
    expect(everything).not.toContain(secret);
  });
});

/** The id of this socket in the logs: its socket id is the connection id in another form. */
async function connectionIdOn(socket: PusherSocket): Promise<string | undefined> {
  const { data } = await socket.frame('pusher:connection_established');
  return connectionIdOf(JSON.parse(String(data)).socket_id);
}
