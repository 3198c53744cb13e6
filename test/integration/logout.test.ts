import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signQuery } from '../fakes/signed-request.ts';
import { startTicketDemo, type TicketDemo } from '../gateway/ticket-demo.ts';
import { Visitor } from '../php/visitor.ts';
import { type Client, connect } from '../socket-client.ts';

const ended = { event: 'pusher:error', data: { code: 4009, message: 'PHP has ended this session.' } };

// The demo with tickets, its gateway and the HTTP API between them: everything that a logout goes through.
describe('a logout', () => {
  let gateway: TicketDemo;
  let pageUrl: string;
  beforeAll(async () => {
    gateway = await startTicketDemo({ hello: 'true' });
    pageUrl = gateway.pageUrl;
    // PHP gives up after five seconds, and on a busy machine a first start of the Lambda takes as long.
    await closeUser('nobody');
  });
  afterAll(async () => {
    await gateway?.close();
    expect(gateway.complaints).toEqual([]);
  });

  const logIn = async () => {
    const visitor = new Visitor(pageUrl);
    await visitor.logIn();
    return visitor;
  };
  /** What a page does in a tab. */
  const openTab = async (visitor: Visitor) => {
    const ticket = await visitor.fetchToken();
    const client = await connect(`${gateway.webSocketUrl}?token=${encodeURIComponent(ticket)}`, { origin: pageUrl });
    await client.find((frame) => frame.includes('pusher:connection_established'));
    return client;
  };
  /** But for a `hello`, whose minute had begun before the logout: it may come between the error and the close. */
  const lastOf = ({ frames }: Client) =>
    frames.map((frame) => JSON.parse(frame)).findLast(({ event }) => event !== 'hello');
  const nobodyIsLeft = () => expect.poll(() => gateway.rows('Connections')).toEqual([]);
  const isOpen = ({ socket }: Client) => socket.readyState === socket.OPEN;
  const closeUser = (user: string, by: object = {}) => {
    const path = `/apps/${gateway.credentials.appId}/users/${user}/terminate_connections`;
    const query = signQuery({ method: 'POST', path, body: Buffer.from('{}') }, { ...gateway.credentials, ...by });
    const headers = { 'content-type': 'application/json' };
    return fetch(`${gateway.apiUrl}${path}?${query}`, { method: 'POST', headers, body: '{}' });
  };

  it('closes exactly the sockets of its session, in all tabs, after error 4009', async () => {
    const [laptop, phone] = [await logIn(), await logIn()];
    const tabs = [await openTab(laptop), await openTab(laptop)];
    const other = await openTab(phone);
    expect((await laptop.post('/logout')).status).toBe(303);
    for (const tab of tabs) {
      expect(await tab.closed).toMatchObject({ code: 1000 });
      expect(lastOf(tab)).toEqual(ended);
    }
    const heard = other.frames.length;
    await other.find((frame) => other.frames.length > heard && frame.includes('hello'));
    expect(isOpen(other)).toBe(true);
    expect(other.frames.join()).not.toContain('pusher:error');
    await other.close();
    await nobodyIsLeft();
  });

  it('finds the sockets of a session whose id has changed since, and which stayed open until then', async () => {
    const visitor = await logIn();
    const before = visitor.sessionId;
    const tab = await openTab(visitor);
    const [row] = (await gateway.rows('Connections')) as { sessionHash: unknown; sessionSeal: unknown }[];
    await visitor.logIn();
    expect(visitor.sessionId).not.toBe(before);
    expect(await gateway.logged(({ message }) => message === 'rebound')).toMatchObject({ Rebound: 1, Ended: 0 });
    const [after] = (await gateway.rows('Connections')) as { sessionHash: unknown; sessionSeal: unknown }[];
    expect(after?.sessionHash).not.toEqual(row?.sessionHash);
    expect(after?.sessionSeal).not.toEqual(row?.sessionSeal);
    expect(isOpen(tab)).toBe(true);

    await visitor.post('/logout');
    await tab.closed;
    expect(lastOf(tab)).toEqual(ended);
  });

  it('happens at a login as another user, for the sockets of the previous one', async () => {
    const visitor = await logIn();
    const tab = await openTab(visitor);
    await visitor.logIn('maria');
    await tab.closed;
    expect(lastOf(tab)).toEqual(ended);
    const marias = await openTab(visitor);
    expect(isOpen(marias)).toBe(true);
    await marias.close();
    await nobodyIsLeft();
  });

  it('affects one session: the user’s next login gets a socket at once', async () => {
    const visitor = await logIn();
    const before = await openTab(visitor);
    await visitor.post('/logout');
    await before.closed;
    const after = await openTab(await logIn());
    expect(isOpen(after)).toBe(true);
    await after.close();
  });

  it('without a login, or a second time, succeeds', async () => {
    const visitor = await logIn();
    for (let times = 0; times < 2; times += 1) expect((await visitor.post('/logout')).status).toBe(303);
    expect((await new Visitor(pageUrl).post('/logout')).status).toBe(303);
  });

  it('everywhere, by Pusher’s route, closes every socket of the user, and fails with another signature', async () => {
    const clients = [await openTab(await logIn()), await openTab(await logIn())];
    const refused = await closeUser('gonzalo', { secret: 'another' });
    expect([refused.status, await refused.text()]).toEqual([
      401,
      'The signature is wrong: PHP and the gateway have different secrets.',
    ]);
    expect(clients.map(isOpen)).toEqual([true, true]);

    const answer = await closeUser('gonzalo');
    expect([answer.status, await answer.text()]).toEqual([200, '{}']);
    for (const client of clients) {
      await client.closed;
      expect(lastOf(client)).toEqual(ended);
    }
    const again = await closeUser('gonzalo');
    expect([again.status, await again.text()]).toEqual([200, '{}']);
    await nobodyIsLeft();
  });

  // A ticket tells its second and no more, so one of the very second of the revocation counts as older.
  it('everywhere rejects an older ticket, and accepts one of the next second', async () => {
    const visitor = await logIn();
    const ticket = await visitor.fetchToken();
    await closeUser('gonzalo');
    const url = `${gateway.webSocketUrl}?token=${encodeURIComponent(ticket)}`;
    await expect(connect(url, { origin: pageUrl })).rejects.toMatchObject({ status: 403 });
    const refusal = await gateway.logged(({ reason }) => reason === 'revoked');
    expect(refusal).toMatchObject({ message: 'handshake refused', principalId: 'user:gonzalo' });
    expect(await gateway.rows('Connections')).toEqual([]);
    const handshake = () =>
      openTab(visitor).then(
        (client) => client.close().then(() => 'open'),
        () => 'refused',
      );
    await expect.poll(handshake, { interval: 200 }).toBe('open');
  });

  it('is rejected for unknown routes, another app and escapes', async () => {
    const statusOf = async (path: string) => (await fetch(`${gateway.apiUrl}${path}`, { method: 'POST' })).status;
    expect(await statusOf(`/apps/${gateway.credentials.appId}/event`)).toBe(404);
    expect(await statusOf('/apps/other/users/42/terminate_connections')).toBe(404);
    expect(await statusOf(`/apps/${gateway.credentials.appId}/users/4%202/terminate_connections`)).toBe(401);
    expect(await statusOf(`/apps/${gateway.credentials.appId}/users/42/terminate_connections`)).toBe(401);
  });

  it('leaves no session, hash, secret or signature in any log', async () => {
    const visitor = await logIn();
    const id = visitor.sessionId ?? 'none';
    const tab = await openTab(visitor);
    await visitor.post('/logout');
    await tab.closed;
    const written = JSON.stringify(gateway.log);
    expect(written).toContain('"revoked');
    const row = await gateway.rows('Revocations');
    const hashes = [...JSON.stringify(row).matchAll(/session:([0-9a-f]{64})/g)].map(([, hash]) => String(hash));
    expect(hashes.length).toBeGreaterThan(0);
    for (const secret of [id, gateway.credentials.secret, 'auth_signature=', ...hashes])
      expect(written).not.toContain(secret);
  });
});
