import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Listener, type Publishing, startPublishing } from '../gateway/publishing.ts';
import { connect } from '../socket-client.ts';

// The real Lambdas: sockets that act as a user without a session of that user.
describe('a socket of a session that names no user', () => {
  let gateway: Publishing;
  beforeAll(async () => {
    gateway = await startPublishing();
    gateway.become(undefined);
  });
  afterAll(() => gateway?.close());

  const isOpen = ({ client }: Listener) => client.socket.readyState === client.socket.OPEN;
  // A ticket of the second of a logout counts as older.
  beforeEach(() => void gateway.cloud.clock.advance(1_000));
  const closeUser = async (userId: string) => {
    const answer = await gateway.ask('POST', `/users/${userId}/terminate_connections`, { body: '{}' });
    expect([answer.status, await answer.text()]).toEqual([200, '{}']);
  };
  const publish = async (channel: string, name: string) => {
    const body = JSON.stringify({ name, channel, data: '{}' });
    expect((await gateway.ask('POST', '/events', { body })).status).toBe(200);
  };

  it('gets the events of the user that it has signed in as, without a subscription', async () => {
    const [ada, other] = [await gateway.listen([]), await gateway.listen([])];
    ada.signIn('ada');
    await ada.heard('pusher:signin_success');
    await publish('#server-to-user-ada', 'for-ada');
    expect(await ada.heard('for-ada')).toMatchObject({ channel: '#server-to-user-ada' });
    expect(other.client.frames.join()).not.toContain('for-ada');
    for (const { client } of [ada, other]) await client.close();
  });

  it.each([
    ['has signed in as a user', (listener: Listener) => listener.signIn('ada'), []],
    ['is on a presence channel as a user', () => undefined, ['presence-room']],
  ] as const)('and %s is closed when the user is logged out, and no other', async (_, act, channels) => {
    const [ada, other] = [await gateway.listen(channels, 'ada'), await gateway.listen(channels, 'bob')];
    act(ada);
    await ada.heard(channels.length === 0 ? 'pusher:signin_success' : 'pusher_internal:subscription_succeeded');
    await closeUser('ada');
    await ada.client.closed;
    expect(ada.client.frames.at(-1)).toContain('4009');
    expect(isOpen(other)).toBe(true);
    await other.client.close();
    await expect.poll(async () => [await gateway.rows('Connections'), await gateway.rows('Owners')]).toEqual([[], []]);
  });

  it('is closed, and may reconnect, when it signs in with a signature from before the user’s logout', async () => {
    const ada = await gateway.listen([]);
    await closeUser('ada');
    ada.signIn('ada');
    await ada.client.closed;
    expect(JSON.parse(ada.client.frames.at(-1) ?? '')).toMatchObject({ event: 'pusher:error', data: { code: 4200 } });
    await expect.poll(() => gateway.rows('Connections')).toEqual([]);
  });
});

describe('the sockets of one session', () => {
  let gateway: Publishing;
  beforeAll(async () => {
    gateway = await startPublishing();
  });
  afterAll(() => gateway?.close());

  it.each([
    ['no user', '{}'],
    ['the user of its last login', '{"user_id":"bob"}'],
  ])('are closed by its logout whichever user they belong to, when PHP names %s', async (_, body) => {
    gateway.cloud.clock.advance(1_000);
    const listeners: Listener[] = [];
    for (const userId of ['ada', undefined, 'bob']) {
      gateway.become(userId);
      listeners.push(await gateway.listen([]));
    }
    const answer = await gateway.ask('POST', `/sessions/${gateway.sessionHash}/terminate_connections`, { body });
    expect([answer.status, await answer.text()]).toEqual([200, '{}']);
    for (const { client } of listeners) {
      await client.closed;
      expect(client.frames.at(-1)).toContain('4009');
    }
    await expect.poll(async () => [await gateway.rows('Connections'), await gateway.rows('Owners')]).toEqual([[], []]);
  });
});

// PHP's clock may be ahead by five seconds, so a ticket may look younger than the logout that came after it.
describe('a trusted ticket', () => {
  let gateway: Publishing;
  beforeAll(async () => {
    gateway = await startPublishing({ sessionCheck: 'trust-ticket' });
  });
  afterAll(() => gateway?.close());

  it.each([
    ['its user', () => '/users/42'],
    ['its session', () => `/sessions/${gateway.sessionHash}`],
  ])('opens nothing after the logout of %s, although PHP’s clock is five seconds ahead', async (_, path) => {
    gateway.cloud.clock.advance(20_000);
    const ticket = gateway.seal(5);
    expect((await gateway.ask('POST', `${path()}/terminate_connections`, { body: '{}' })).status).toBe(200);
    gateway.cloud.clock.advance(1_000);
    const url = `${gateway.webSocketUrl}?token=${encodeURIComponent(ticket)}`;
    await expect(connect(url, { origin: gateway.pageUrl })).rejects.toMatchObject({ status: 403 });
    expect(await gateway.logged(({ reason }) => reason === 'revoked')).toMatchObject({ principalId: 'user:42' });
  });
});
