import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ticketEnvironment } from '../../bin/php-environment.ts';
import { startPhpServer } from '../../serve/php-server.ts';
import { type SealingApp, startSealingApp } from '../fakes/sealing-app.ts';
import { type Demo, startDemo } from '../gateway/demo.ts';
import { type Gateway, startGateway } from '../gateway/gateway.ts';
import { Visitor } from '../php/visitor.ts';
import { type Client, connect } from '../socket-client.ts';

const isOpen = ({ socket }: Client) => socket.readyState === socket.OPEN;
const page = 'http://127.0.0.1:8080';

// Where PHP is asked in the handshake and never again.
describe('a socket whose session has an end', () => {
  let app: SealingApp;
  let gateway: Gateway;
  beforeAll(async () => {
    app = await startSealingApp();
    const endpoint = { sessionEndpoint: `${app.url}/getSessionID`, allowedOrigins: page };
    gateway = await startGateway({ mode: 'ticket', revalidate: 'false', ...endpoint }, { watch: true });
    app.credentials = gateway.credentials;
  });
  afterAll(async () => {
    await gateway?.close();
    await app?.close();
  });

  const now = () => Math.floor(gateway.cloud.clock.now() / 1000);
  const openTab = async (expiresAt?: number) => {
    app.identity = { userId: '42', channels: ['private-*'], ...(expiresAt === undefined ? {} : { expiresAt }) };
    const ticket = app.seal({ iat: now(), exp: now() + 30 });
    const client = await connect(`${gateway.webSocketUrl}?token=${encodeURIComponent(ticket)}`, { origin: page });
    await client.find((frame) => frame.includes('pusher:connection_established'));
    return client;
  };
  const reason = { event: 'pusher:error', data: { code: 4200 } };

  it('is closed at its end, and may reconnect; another socket stays open', async () => {
    const mortal = await openTab(now() + 300);
    const other = await openTab();
    const asked = app.askedWith.length;
    gateway.cloud.clock.advance(305_000);
    await mortal.closed;
    expect(JSON.parse(mortal.frames.at(-1) ?? '')).toMatchObject(reason);
    expect(isOpen(other)).toBe(true);
    expect(app.askedWith).toHaveLength(asked);
    await expect.poll(() => gateway.rows('Connections')).toHaveLength(1);
    const [row] = (await gateway.rows('Connections')) as object[];
    expect(row).not.toHaveProperty('sessionSeal');
    expect(row).not.toHaveProperty('validUntil');
    await other.close();
  });

  // The minute's run has been, or comes too late.
  it('is closed within seconds of its end, even if it opened less than a minute before', async () => {
    const mortal = await openTab(now() + 20);
    const runs = gateway.invocations('Revalidate');
    gateway.cloud.clock.advance(32_000);
    await mortal.closed;
    expect(JSON.parse(mortal.frames.at(-1) ?? '')).toMatchObject(reason);
    expect(gateway.invocations('Revalidate') - runs).toBeLessThan(2);
  });

  it('can neither join nor send after its end, although it is open', async () => {
    const [mortal, other] = [await openTab(now() + 300), await openTab()];
    const ask = async (client: Client, frame: object, channel: string) => {
      client.send(frame);
      return JSON.parse(await client.find((text) => JSON.parse(text).channel === channel || text.includes('4300')));
    };
    for (const client of [mortal, other])
      await ask(client, { event: 'pusher:subscribe', data: { channel: 'private-x' } }, 'private-x');
    // Nothing is left that could close it.
    await gateway.replaceCode('revalidate', Buffer.from('exports.handler = async () => {}'));
    gateway.cloud.clock.advance(301_000);
    const subscribe = { event: 'pusher:subscribe', data: { channel: 'private-y' } };
    expect(await ask(mortal, subscribe, 'private-y')).toMatchObject({
      event: 'pusher:subscription_error',
      data: { status: 401 },
    });
    mortal.send({ event: 'client-hi', channel: 'private-x', data: {} });
    await mortal.find((text) => text.includes('This connection or its session has ended'));
    other.send({ event: 'client-hi', channel: 'private-x', data: {} });
    await mortal.find((text) => text.includes('client-hi'));
    expect(other.frames.join()).not.toContain('client-hi');
  });
});

// The demo with tickets and its gateway, which asks PHP again every minute. PHP's clock is not moved, and a signature
// may be five minutes off: so the whole story takes less.
describe('a socket, after its handshake', () => {
  let demo: Demo;
  const complaints: string[] = [];
  const visitors = new Map<string, { readonly visitor: Visitor; readonly tab: Client; readonly file: string }>();

  beforeAll(async () => {
    demo = await startDemo({ context: { mode: 'ticket', revalidate: '1' }, log: (line) => complaints.push(line) });
    for (const name of ['stays', 'expires', 'becomes another']) {
      const visitor = new Visitor(demo.pageUrl);
      await visitor.logIn();
      const file = join(demo.php.sessions, `sess_${visitor.sessionId}`);
      visitors.set(name, { visitor, tab: await openTab(visitor), file });
    }
  });
  afterAll(async () => {
    await demo?.close();
    expect(complaints).toEqual([]);
  });

  async function openTab(visitor: Visitor): Promise<Client> {
    const url = `${demo.webSocketUrl}?token=${encodeURIComponent(await visitor.fetchToken())}`;
    const client = await connect(url, { origin: demo.pageUrl });
    await client.find((frame) => frame.includes('pusher:connection_established'));
    return client;
  }
  const the = (name: string) => {
    const found = visitors.get(name);
    if (found === undefined) throw new Error(`${name} is not here.`);
    return found;
  };
  /** Lets everybody become due. The clock starts a run; ours make sure of one that began after that. */
  const letTimePass = async (isDone: () => boolean) => {
    const before = demo.invocations('Revalidate');
    demo.cloud.clock.advance(95_000);
    expect(demo.invocations('Revalidate')).toBeGreaterThan(before);
    const run = () => demo.invoke('Revalidate').then(isDone);
    await expect.poll(run, { interval: 100 }).toBe(true);
  };
  const endOf = async (tab: Client) => {
    await tab.closed;
    return JSON.parse(tab.frames.at(-1) ?? '');
  };

  it('is closed when PHP has lost the session, or returns another user for it, and stays open while PHP knows it', async () => {
    const before = await stat(the('stays').file);
    await rm(the('expires').file);
    const other = the('becomes another').file;
    await writeFile(other, (await readFile(other, 'utf8')).replace('s:7:"gonzalo"', 's:3:"ada"'));

    await letTimePass(() => !isOpen(the('expires').tab) && !isOpen(the('becomes another').tab));
    expect(await endOf(the('expires').tab)).toMatchObject({ event: 'pusher:error', data: { code: 4009 } });
    expect(await endOf(the('becomes another').tab)).toMatchObject({ event: 'pusher:error', data: { code: 4200 } });

    // A run that the moved clock makes too late asks nobody, and logs that.
    const run = await demo.logged(({ message, Rechecked }) => message === 'revalidated' && Rechecked !== 0);
    expect(run).toMatchObject({ Rechecked: 3, RecheckLost: 2, RecheckFailed: 0, Ended: 2 });
    expect(isOpen(the('stays').tab)).toBe(true);
    expect(the('stays').tab.frames.join()).not.toContain('pusher:error');
    await expect.poll(() => demo.rows('Connections')).toHaveLength(1);

    // PHP was asked, and the session is as old as it was.
    const after = await stat(the('stays').file);
    expect([after.mtimeMs, after.ctimeMs]).toEqual([before.mtimeMs, before.ctimeMs]);
  });

  it('is kept open while PHP does not answer, which is logged once', async () => {
    await demo.php.close();
    const runs = () => demo.records().filter(({ RecheckFailed }) => RecheckFailed === 1);
    await letTimePass(() => runs().length > 0);
    expect(isOpen(the('stays').tab)).toBe(true);
    const lines = demo.records().filter(({ message }) => message === 'session check unavailable');
    expect(lines).toHaveLength(runs().length);
    expect(lines[0]).toMatchObject({ reason: 'the connection failed (ECONNREFUSED)', failed: 1 });
  });

  // As after somebody has changed the secret on one side only.
  it('is kept open while PHP rejects the gateway’s signature, which each side logs in one line', async () => {
    const php = await startPhpServer({
      root: join(import.meta.dirname, '../../php'),
      router: 'demo/index.php',
      port: Number(new URL(demo.pageUrl).port),
      environment: { ...ticketEnvironment(demo.cloud), SESSION_SOCKET_SECRET: 'another' },
      log: (line) => complaints.push(line),
    });
    const lines = () => demo.records().filter(({ message }) => message === 'session check misconfigured');
    const before = demo.records().length;
    await letTimePass(() => lines().length > 0);
    const runs = demo
      .records()
      .slice(before)
      .filter(({ RecheckFailed }) => RecheckFailed === 1);
    expect(lines()).toHaveLength(runs.length);
    expect(lines()[0]).toMatchObject({ reason: expect.stringContaining('do not hold the same secret') });
    expect(isOpen(the('stays').tab)).toBe(true);
    await php.close();
    expect(complaints.splice(0)).toEqual(runs.map(() => expect.stringContaining('`secret` differs from the stack')));
  });

  it('leaves no session id, cookie or seal in any log', async () => {
    const written = JSON.stringify(demo.log);
    const [row] = (await demo.rows('Connections')) as { sessionSeal: { S: string } }[];
    expect(row?.sessionSeal.S).toMatch(/^r1\.[A-Za-z0-9_-]{100,}$/);
    expect(written).not.toContain(row?.sessionSeal.S);
    for (const { visitor } of visitors.values()) {
      expect(written).not.toContain(visitor.sessionId);
      expect(JSON.stringify(row)).not.toContain(visitor.sessionId);
    }
  });
});
