import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signQuery } from '../fakes/signed-request.ts';
import { signForSocket } from '../fakes/socket-auth.ts';
import { startTicketDemo, type TicketDemo } from '../gateway/ticket-demo.ts';
import { Visitor } from '../php/visitor.ts';
import { type Client, connect } from '../socket-client.ts';

interface Heard {
  readonly event: string;
  readonly channel?: string;
  readonly data?: unknown;
  readonly user_id?: string;
}

/** A page of one user. Its incoming messages are read as frames, in order. */
interface Tab {
  readonly client: Client;
  readonly socketId: string;
  say(event: string, fields?: object): void;
  /** Sends it, and waits for the first later frame with one of these events. */
  ask(event: string, fields: object, ...answers: readonly string[]): Promise<Heard>;
  hear(event: string, since?: number): Promise<Heard>;
  heard(event?: string): readonly Heard[];
}

// The demo identity of PHP, the bundles that would be deployed, and clients that know nothing but WebSocket and JSON.
describe('channels', () => {
  let gateway: TicketDemo;
  beforeAll(async () => {
    const app = { root: '.', router: 'test/fixtures/channel-app/index.php' };
    gateway = await startTicketDemo({ maxChannelsPerConnection: '5' }, { app });
  });
  afterAll(async () => {
    await gateway?.close();
    expect(gateway.complaints).toEqual([]);
  });

  const logIn = async (user: string) => {
    const visitor = new Visitor(gateway.pageUrl);
    await visitor.get(`/login?user=${user}`);
    return visitor;
  };

  async function openTab(visitor: Visitor): Promise<Tab> {
    const ticket = await visitor.fetchToken();
    const url = `${gateway.webSocketUrl}?token=${encodeURIComponent(ticket)}`;
    const client = await connect(url, { origin: gateway.pageUrl });
    const read = (text: string): Heard => JSON.parse(text);
    const hear = async (events: readonly string[], since: number) => {
      const isNew = (text: string) => client.frames.indexOf(text, since) >= since;
      return read(await client.find((text) => isNew(text) && events.includes(read(text).event)));
    };
    const say = (event: string, fields: object = {}) => client.send({ event, ...fields });
    const welcome = await hear(['pusher:connection_established'], 0);
    return {
      client,
      socketId: JSON.parse(String(welcome.data)).socket_id,
      say,
      ask(event, fields, ...answers) {
        const since = client.frames.length;
        say(event, fields);
        return hear(answers, since);
      },
      hear: (event, since = 0) => hear([event], since),
      heard: (event) => client.frames.map(read).filter((frame) => event === undefined || frame.event === event),
    };
  }

  /** Closes all pages, so that the next test starts without members. */
  const closeAll = async (...tabs: readonly Tab[]) => {
    await Promise.all(tabs.map(({ client }) => client.close()));
    for (const table of ['Connections', 'Subscriptions', 'Members']) {
      await expect.poll(() => gateway.rows(table)).toEqual([]);
    }
  };
  const subscribe = (tab: Tab, channel: string, fields: object = {}) =>
    tab.ask(
      'pusher:subscribe',
      { data: { channel, ...fields } },
      'pusher_internal:subscription_succeeded',
      'pusher:subscription_error',
    );
  const idsOf = ({ data }: Heard) => JSON.parse(String(data)).presence.ids;
  const refused = { event: 'pusher:subscription_error', data: { type: 'AuthError', status: 401 } };

  it('are joined by users who may, and by nobody else', async () => {
    const tab = await openTab(await logIn('ann'));
    expect(await subscribe(tab, 'news', { auth: '' })).toEqual({
      event: 'pusher_internal:subscription_succeeded',
      data: '{}',
      channel: 'news',
    });
    expect(await subscribe(tab, 'private-orders-ann')).toMatchObject({ data: '{}' });
    expect(await subscribe(tab, 'private-team-green')).toMatchObject({ data: '{}' });
    expect(await subscribe(tab, 'private-orders-bob')).toMatchObject({ ...refused, channel: 'private-orders-bob' });
    const auth = signForSocket(gateway.credentials, tab.socketId, 'private-orders-bob');
    expect(await subscribe(tab, 'private-orders-bob', { auth })).toMatchObject({ data: '{}' });
    expect(await subscribe(tab, 'private-orders-cid', { auth })).toMatchObject(refused);
    await closeAll(tab);
  });

  it('announce each member once, and its leaving with its last tab', async () => {
    const [ann, bob] = [await logIn('ann'), await logIn('bob')];
    const first = await openTab(ann);
    expect(idsOf(await subscribe(first, 'presence-room'))).toEqual(['ann']);
    const other = await openTab(bob);
    const here = await subscribe(other, 'presence-room');
    expect(JSON.parse(String(here.data))).toEqual({
      presence: {
        count: 2,
        ids: ['ann', 'bob'],
        hash: { ann: { name: 'Visitor ann' }, bob: { name: 'Visitor bob' } },
      },
    });
    expect(await first.hear('pusher_internal:member_added')).toEqual({
      event: 'pusher_internal:member_added',
      channel: 'presence-room',
      data: '{"user_id":"bob","user_info":{"name":"Visitor bob"}}',
    });

    const second = await openTab(bob);
    expect(idsOf(await subscribe(second, 'presence-room'))).toEqual(['ann', 'bob']);
    await other.client.close();
    await expect.poll(async () => (await gateway.rows('Subscriptions')).length).toBe(2);
    second.client.socket.terminate();
    expect(await first.hear('pusher_internal:member_removed')).toMatchObject({ data: '{"user_id":"bob"}' });
    expect(first.heard('pusher_internal:member_added')).toHaveLength(1);
    expect(first.heard('pusher_internal:member_removed')).toHaveLength(1);
    expect(other.heard('pusher_internal:member_added')).toEqual([]);
    await closeAll(first);
  });

  it('carry client events to the others, with the id of the sender', async () => {
    const [ann, bob] = [await openTab(await logIn('ann')), await openTab(await logIn('bob'))];
    for (const tab of [ann, bob]) await subscribe(tab, 'presence-room');
    const forged = { channel: 'presence-room', data: { at: 1 }, user_id: 'ann', principalId: 'user:ann' };
    expect(await bob.ask('client-typing', forged, 'pusher:pong')).toEqual({ event: 'pusher:pong', data: {} });
    const heard = await ann.hear('client-typing');
    expect(heard).toEqual({
      event: 'client-typing',
      channel: 'presence-room',
      data: { at: 1 },
      user_id: 'bob',
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(bob.heard('client-typing')).toEqual([]);

    await ann.ask('pusher:unsubscribe', { data: { channel: 'presence-room' } }, 'pusher:pong');
    await bob.hear('pusher_internal:member_removed');
    const silenced = ann.client.frames.length;
    await bob.ask('client-typing', forged, 'pusher:pong');
    expect(await ann.ask('client-typing', forged, 'pusher:error')).toMatchObject({ data: { code: 4300 } });
    expect(ann.client.frames.slice(silenced)).toHaveLength(1);
    await closeAll(ann, bob);
  });

  it('accept a sign-in with PHP’s signature, and reject any other', async () => {
    const tab = await openTab(await logIn('ann'));
    const signIn = (userData: string) => {
      const auth = signForSocket(gateway.credentials, tab.socketId, '', 'user', '', userData);
      return tab.ask('pusher:signin', { data: { auth, user_data: userData } }, 'pusher:signin_success', 'pusher:error');
    };
    expect(await signIn('{"id":"bob"}')).toMatchObject({ event: 'pusher:error' });
    expect(await subscribe(tab, '#server-to-user-bob')).toMatchObject(refused);
    expect(await subscribe(tab, '#server-to-user-ann')).toMatchObject({ data: '{}' });
    await closeAll(tab);
  });

  it('drop a user who was logged out: as a subscriber and as a member', async () => {
    const [ann, bob] = [await openTab(await logIn('ann')), await openTab(await logIn('bob'))];
    for (const tab of [ann, bob]) await subscribe(tab, 'presence-room');
    const path = `/apps/${gateway.credentials.appId}/users/bob/terminate_connections`;
    const query = signQuery({ method: 'POST', path, body: Buffer.from('{}') }, gateway.credentials);
    const answer = await fetch(`${gateway.apiUrl}${path}?${query}`, { method: 'POST', body: '{}' });
    expect(answer.status).toBe(200);
    expect(await gateway.rows('Subscriptions')).toEqual([expect.objectContaining({ principalId: { S: 'user:ann' } })]);
    expect(await gateway.rows('Members')).toEqual([expect.objectContaining({ userId: { S: 'ann' } })]);
    expect(await ann.hear('pusher_internal:member_removed')).toMatchObject({ data: '{"user_id":"bob"}' });
    await bob.client.closed;
    await closeAll(ann);
  });

  it('work in the page of docs/channels.md', async () => {
    const snippet = readFileSync(join(import.meta.dirname, '../../docs/snippets/channels.js'), 'utf8');
    const pages = [];
    for (const user of ['eve', 'fay']) {
      const ticket = await (await logIn(user)).fetchToken();
      const url = `${gateway.webSocketUrl}?token=${encodeURIComponent(ticket)}`;
      const lines: string[] = [];
      const { socket } = await connect(url, { origin: gateway.pageUrl });
      const say = (event: string, fields: object) => socket.send(JSON.stringify({ event, ...fields }));
      const stayConnected = (onFrame: (frame: unknown, speak: typeof say) => void) =>
        socket.on('message', (text) => onFrame(JSON.parse(String(text)), say));
      new Function('stayConnected', 'log', snippet)(stayConnected, (line: string) => lines.push(line));
      // Eve's first client event may reach Fay before the list of members, because two functions send them.
      await expect.poll(() => lines).toContain(user === 'eve' ? 'Here: eve' : 'Here: eve,fay');
      pages.push({ socket, lines });
    }
    const [eve, fay] = pages;
    await expect
      .poll(() => eve?.lines.toSorted())
      .toEqual(['Here: eve', 'Somebody types into the message box', 'Visitor fay is here now']);
    fay?.socket.close();
    await expect.poll(() => eve?.lines.at(-1)).toBe('fay has left');
    eve?.socket.close();
  });

  it('are limited for one connection, as the deployment says', async () => {
    const tab = await openTab(await logIn('eve'));
    for (const channel of ['a', 'b', 'c', 'd', 'e']) await subscribe(tab, channel);
    expect(await subscribe(tab, 'f')).toMatchObject({ data: { type: 'LimitReached', status: 4100 } });
    expect(await subscribe(tab, 'a')).toMatchObject({ data: '{}' });
    await closeAll(tab);
  });
});
