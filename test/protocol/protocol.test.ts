import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Somebody, startWorld, type World } from './world.ts';

const established = 'pusher:connection_established';
const succeeded = 'pusher_internal:subscription_succeeded';
const pong = { event: 'pusher:pong', data: {} };
const dataOf = ({ data }: { readonly data?: unknown }) => JSON.parse(String(data));

/** The Pusher protocol as its clients rely on it; the numbers are those of docs/protocol.md. */
describe('The protocol on the local cloud', () => {
  let world: World;
  const people: Somebody[] = [];
  beforeAll(async () => {
    // Fewer than the ten of the default: a busy machine may take a second for those.
    world = await startWorld({ maxClientEventsPerSecond: '4' });
  });
  afterAll(async () => {
    await Promise.all(people.map((somebody) => somebody.close()));
    await world?.close();
  });

  let channels = 0;
  const fresh = (prefix: string) => `${prefix}${++channels}`;
  const enter: World['enter'] = async (identity) => {
    const somebody = await world.enter(identity);
    people.push(somebody);
    return somebody;
  };
  const joinSigned = (somebody: Somebody, channel: string, channelData?: string) =>
    somebody.join(channel, {
      auth: world.authorize(somebody.socketId, channel, channelData),
      ...(channelData === undefined ? {} : { channel_data: channelData }),
    });
  const publish = (body: object) => world.api('POST', '/events', body);
  const member = (id: string | number, info?: object) =>
    JSON.stringify({ user_id: id, ...(info === undefined ? {} : { user_info: info }) });

  it('1: the first frame is connection_established, with a socket id and an activity timeout', async () => {
    const somebody = await enter();
    const [first] = somebody.frames();
    expect(first?.event).toBe(established);
    expect(dataOf(first ?? {})).toEqual({
      socket_id: expect.stringMatching(/^\d+\.\d+$/),
      activity_timeout: expect.any(Number),
    });
    expect(dataOf(first ?? {}).activity_timeout).toBeGreaterThan(0);
  });

  it('2: a socket id is unique and leads to its connection', async () => {
    const [one, other] = [await enter(), await enter()];
    expect(one.socketId).not.toBe(other.socketId);
    const channel = fresh('news-');
    for (const somebody of [one, other]) await somebody.join(channel);
    await publish({ name: 'e', channel, data: '1', socket_id: one.socketId });
    await other.hear('e');
    await one.settle();
    expect(one.frames().filter(({ event }) => event === 'e')).toEqual([]);
  });

  it('3, 5: a rejected client gets 403 in the handshake, after which clients back off most', async () => {
    await expect(world.dial('?token=t1.nobody.AAAA')).rejects.toMatchObject({ status: 403 });
    await expect(world.dial('')).rejects.toMatchObject({ status: 401 });
  });

  it('6: a ping is answered with a pong, and a pong is accepted', async () => {
    const somebody = await enter();
    expect(await somebody.ask({ event: 'pusher:ping', data: {} })).toEqual(pong);
    expect(await somebody.ask({ event: 'pusher:pong', data: {} })).toEqual(pong);
  });

  it('7, 8: each frame gets one answer with an event, whatever it contains, and the connection stays open', async () => {
    const somebody = await enter();
    const texts = [
      'not JSON',
      '[]',
      'null',
      '"text"',
      '{}',
      '{"event":7}',
      '{"event":"nothing we know","data":{}}',
      '{"event":"pusher:subscribe"}',
      '{"event":"pusher:subscribe","data":null}',
      '{"event":"pusher:subscribe","data":{"channel":7}}',
      '{"event":"pusher:subscribe","data":{"channel":"__proto__","auth":{}}}',
      '{"event":"pusher:signin","data":{"auth":"x","user_data":"{"}}',
      '{"event":"client-typing","channel":"presence-nowhere","data":{}}',
      `{"event":"pusher:subscribe","data":{"channel":"news","deep":${'['.repeat(3000)}${']'.repeat(3000)}}}`,
    ];
    for (const text of texts) {
      const before = somebody.frames().length;
      const answer = await somebody.ask(text);
      expect(typeof answer.event, text).toBe('string');
      await somebody.settle();
      expect(somebody.frames().length - before, text).toBe(2);
    }
    expect(somebody.frames().filter(({ event }) => event === established)).toHaveLength(1);
  });

  it('9: a public channel is joined with an empty auth', async () => {
    const somebody = await enter();
    const channel = fresh('news-');
    expect(await somebody.join(channel)).toEqual({ event: succeeded, channel, data: '{}' });
  });

  it('10: a private or encrypted channel is joined with the signature of this socket, this channel and our key', async () => {
    const somebody = await enter();
    for (const prefix of ['private-', 'private-encrypted-']) {
      const channel = fresh(prefix);
      const signature = world.authorize(somebody.socketId, channel);
      const wrong = [
        '',
        signature.slice(0, -1),
        signature.replace(/^[^:]+/, 'another-key'),
        signature.replace(/.$/, (digit) => (digit === '0' ? '1' : '0')),
      ];
      for (const auth of wrong) {
        const refused = await somebody.join(fresh(prefix), { auth });
        expect(refused).toMatchObject({ event: 'pusher:subscription_error', data: { type: 'AuthError', status: 401 } });
      }
      expect(await joinSigned(somebody, channel)).toEqual({ event: succeeded, channel, data: '{}' });
    }
  });

  it('11: a member has exactly the signed data; without an id nobody becomes a member', async () => {
    const somebody = await enter();
    const data = '{"user_id":7,"user_info":{"url":"http:\\/\\/\\u00e9"}}';
    const channel = fresh('presence-');
    expect(dataOf(await joinSigned(somebody, channel, data)).presence.hash).toEqual({ 7: { url: 'http://é' } });
    const bad = [
      '{}',
      '{"user_id":""}',
      '{"user_id":null}',
      member('x'.repeat(129)),
      member('a', { long: 'x'.repeat(1100) }),
    ];
    for (const channelData of [...bad, 'not JSON']) {
      const answer = await joinSigned(somebody, fresh('presence-'), channelData);
      expect(answer.event, channelData.slice(0, 40)).toBe('pusher:subscription_error');
    }
    const unsigned = await somebody.join(fresh('presence-'), { channel_data: member('7') });
    expect(unsigned).toMatchObject({ event: 'pusher:subscription_error', data: { type: 'AuthError', status: 401 } });
  });

  it('12: a client that joins a presence channel gets all members, including itself', async () => {
    const channel = fresh('presence-');
    const [one, other] = [await enter(), await enter()];
    await joinSigned(one, channel, member('1', { name: 'Ada' }));
    expect(dataOf(await joinSigned(other, channel, member('2')))).toEqual({
      presence: { count: 2, ids: expect.arrayContaining(['1', '2']), hash: { 1: { name: 'Ada' }, 2: null } },
    });
  });

  it('13: a member is announced once and leaves once, with the last of its sockets', async () => {
    const channel = fresh('presence-');
    const witness = await enter();
    await joinSigned(witness, channel, member('witness'));
    const tabs = [await enter(), await enter(), await enter()];
    for (const tab of tabs) await joinSigned(tab, channel, member('ada', { name: 'Ada' }));
    expect(dataOf(await witness.hear('pusher_internal:member_added'))).toEqual({
      user_id: 'ada',
      user_info: { name: 'Ada' },
    });
    tabs[0]?.send({ event: 'pusher:unsubscribe', data: { channel } });
    await tabs[0]?.settle();
    await tabs[1]?.close();
    await tabs[2]?.close();
    expect(dataOf(await witness.hear('pusher_internal:member_removed'))).toEqual({ user_id: 'ada' });
    await witness.settle();
    const events = witness.frames().map(({ event }) => event);
    expect(events.filter((event) => event.startsWith('pusher_internal:member'))).toEqual([
      'pusher_internal:member_added',
      'pusher_internal:member_removed',
    ]);
    for (const tab of tabs) expect(tab.frames().filter(({ event }) => event.includes('member_added'))).toEqual([]);
  });

  it('14: a signature for another socket or another channel is rejected', async () => {
    const [one, other] = [await enter(), await enter()];
    const [channel, another] = [fresh('private-'), fresh('private-')];
    const auths = [world.authorize(other.socketId, channel), world.authorize(one.socketId, another)];
    for (const auth of auths) {
      expect(await one.join(channel, { auth })).toMatchObject({ event: 'pusher:subscription_error' });
    }
  });

  it('15: invalid channel names, and other users’ channels, are rejected', async () => {
    const somebody = await enter({ userId: 'ada' });
    const names = ['', 'two words', 'sl/ash', 'ümlaut', '#odd', 'x'.repeat(201), 'private-', '#server-to-user-bob'];
    for (const channel of names) {
      const answer = await somebody.join(channel);
      expect(['pusher:subscription_error', 'pusher:error'], channel).toContain(answer.event);
    }
  });

  it('16: a channel that is joined twice delivers once, and one that was never joined can be left', async () => {
    const somebody = await enter();
    const channel = fresh('news-');
    await somebody.join(channel);
    await somebody.join(channel);
    expect(await somebody.ask({ event: 'pusher:unsubscribe', data: { channel: 'never-joined' } })).toEqual(pong);
    await publish({ name: 'once', channel, data: '1' });
    await somebody.hear('once');
    await publish({ name: 'after', channel, data: '1' });
    await somebody.hear('after');
    expect(somebody.frames().filter(({ event }) => event === 'once')).toHaveLength(1);
  });

  it('17: a client that has left a channel gets nothing from it', async () => {
    const [one, other] = [await enter(), await enter()];
    const channel = fresh('news-');
    for (const somebody of [one, other]) await somebody.join(channel);
    await one.ask({ event: 'pusher:unsubscribe', data: { channel } });
    await publish({ name: 'late', channel, data: '1' });
    await other.hear('late');
    await one.settle();
    expect(one.frames().map(({ event }) => event)).not.toContain('late');
  });

  it('19: client events go from members to the others, with the id of the sender', async () => {
    const channel = fresh('presence-');
    const [one, other] = [await enter(), await enter()];
    await joinSigned(one, channel, member('1'));
    await joinSigned(other, channel, member('2'));
    one.send({ event: 'client-object', channel, data: { x: 1 }, user_id: 'forged' });
    one.send({ event: 'client-string', channel, data: 'raw' });
    one.send({ event: 'client-none', channel });
    expect(await other.hear('client-object')).toEqual({
      id: expect.any(String),
      event: 'client-object',
      channel,
      data: { x: 1 },
      user_id: '1',
    });
    expect(await other.hear('client-string')).toMatchObject({ data: 'raw', user_id: '1' });
    const withoutData = { id: expect.any(String), event: 'client-none', channel, user_id: '1' };
    expect(await other.hear('client-none')).toEqual(withoutData);
    await one.settle();
    expect(one.frames().filter(({ event }) => event.startsWith('client-'))).toEqual([]);
  });

  it('19: client events without a subscription, on a public channel, or above the limit are rejected', async () => {
    const [one, other] = [await enter(), await enter()];
    const [channel, news] = [fresh('private-'), fresh('news-')];
    await joinSigned(other, channel);
    for (const somebody of [one, other]) await somebody.join(news);
    expect(await one.ask({ event: 'client-x', channel, data: {} })).toMatchObject({ event: 'pusher:error' });
    expect(await one.ask({ event: 'client-x', channel: news, data: {} })).toMatchObject({ event: 'pusher:error' });
    await joinSigned(one, channel);
    for (let count = 0; count < 100; count += 1) one.send({ event: 'client-many', channel, data: { count } });
    const codeOf = ({ data }: { readonly data?: unknown }) => (data as { readonly code?: number }).code;
    while (codeOf(await one.hear('pusher:error')) !== 4301);
  });

  it('20, 21: a user signs in with PHP’s signature, and then gets events for that user', async () => {
    const somebody = await enter();
    const userData = JSON.stringify({ id: 'u1', user_info: { name: 'Ada' } });
    const signIn = (data: string, auth = world.authorizeUser(somebody.socketId, data)) =>
      somebody.ask({ event: 'pusher:signin', data: { auth, user_data: data } });
    expect(await signIn(userData, 'wrong:auth')).toMatchObject({ event: 'pusher:error' });
    expect(await signIn(userData)).toEqual({ event: 'pusher:signin_success', data: { user_data: userData } });
    expect(await somebody.join('#server-to-user-u1')).toMatchObject({ event: succeeded });
    expect(await signIn(JSON.stringify({ id: 'u2' }))).toMatchObject({ event: 'pusher:error' });
    await publish({ name: 'for-you', channel: '#server-to-user-u1', data: '1' });
    expect(await somebody.hear('for-you')).toMatchObject({ channel: '#server-to-user-u1', data: '1' });
  });

  it('20: nobody signs in as a user without PHP’s signature', async () => {
    const somebody = await enter({ userId: 'ada' });
    const userData = JSON.stringify({ id: 'bob' });
    const auth = world.authorizeUser(somebody.socketId, userData);
    const answer = await somebody.ask({ event: 'pusher:signin', data: { auth, user_data: userData } });
    expect(answer).toMatchObject({ event: 'pusher:error' });
    expect(await somebody.join('#server-to-user-bob')).toMatchObject({ event: 'pusher:subscription_error' });
  });

  it('23: an event is accepted for one channel or several, and its data is delivered to the byte', async () => {
    const somebody = await enter();
    const [one, two] = [fresh('news-'), fresh('news-')];
    for (const channel of [one, two]) await somebody.join(channel);
    const data = '{"hello":"w\\u00f6rld\\/1", "a" :1.0}';
    expect(await publish({ name: 'e', channel: one, data })).toMatchObject({ status: 200, text: '{}' });
    expect(await somebody.hear('e')).toMatchObject({ event: 'e', channel: one, data });
    expect(await publish({ name: 'f', channels: [one, two], data: 'plain' })).toMatchObject({ status: 200 });
    const heard = [await somebody.hear('f'), await somebody.hear('f')];
    expect(heard.map(({ channel }) => channel).sort()).toEqual([one, two].sort());
    const tooMany = Array.from({ length: 101 }, (_, index) => `news-${index}`);
    expect((await publish({ name: 'e', channels: tooMany, data: '1' })).status).toBe(400);
    const tooLong = await publish({ name: 'e', channel: one, data: 'x'.repeat(10_241) });
    expect(tooLong).toMatchObject({ status: 413, text: expect.stringContaining('content of this event') });
    expect((await publish({ name: 'e', channel: one, data: 'x'.repeat(10_240) })).status).toBe(200);
    expect((await publish({ name: 'e', channel: one, data: '1', socket_id: '1.1' })).status).toBe(200);
  });

  it('22: a wrong secret, key, hash or clock gets 401, another app 404, and nothing is delivered', async () => {
    const somebody = await enter();
    const channel = fresh('news-');
    await somebody.join(channel);
    const changes = [{ secret: 'wrong' }, { key: 'wrong' }, { md5: '0'.repeat(32) }, { ahead: 605 }, { ahead: -605 }];
    const statuses = [];
    for (const change of [...changes, { appId: 'another' }]) {
      const answer = await world.apiAs(change)('POST', '/events', { name: 'forged', channel, data: '1' });
      statuses.push(answer.status);
    }
    expect(statuses).toEqual([401, 401, 401, 401, 401, 404]);
    await somebody.settle();
    expect(somebody.frames().map(({ event }) => event)).not.toContain('forged');
  });

  it('24, 25: success is 200 with an object, and with info it has the counts of each channel', async () => {
    const [presence, news] = [fresh('presence-'), fresh('news-')];
    const somebody = await enter();
    await joinSigned(somebody, presence, member('1'));
    await somebody.join(news);
    const body = { name: 'e', channels: [presence, news], data: '1', info: 'user_count,subscription_count' };
    const { json } = await publish(body);
    expect(json).toEqual({ channels: { [presence]: { user_count: 1 }, [news]: { subscription_count: 1 } } });
    const batch = [
      { name: 'e', channel: news, data: '1' },
      { name: 'e', channel: presence, data: '1', info: 'user_count' },
    ];
    expect((await world.api('POST', '/batch_events', { batch })).json).toEqual({ batch: [{}, { user_count: 1 }] });
  });

  it('26: a batch has at most ten events, each with its own exclusion', async () => {
    const somebody = await enter();
    const news = fresh('news-');
    await somebody.join(news);
    const event = { name: 'e', channel: news, data: '1' };
    const tooLarge = await world.api('POST', '/batch_events', { batch: Array.from({ length: 11 }, () => event) });
    expect(tooLarge).toMatchObject({ status: 400, text: expect.stringContaining('Batch too large') });
    const batch = [
      { ...event, name: 'not-me', socket_id: somebody.socketId },
      { ...event, name: 'me' },
    ];
    expect(await world.api('POST', '/batch_events', { batch })).toMatchObject({ status: 200, text: '{}' });
    await somebody.hear('me');
    await somebody.settle();
    expect(somebody.frames().map((frame) => frame.event)).not.toContain('not-me');
  });

  it('27, 28, 29: occupied channels are listed, with their users', async () => {
    const somebody = await enter();
    const presence = fresh('presence-room-');
    await joinSigned(somebody, presence, member(7));
    const list = await world.api('GET', '/channels', undefined, {
      filter_by_prefix: 'presence-room-',
      info: 'user_count',
    });
    expect(list.json).toEqual({ channels: { [presence]: { user_count: 1 } } });
    expect((await world.api('GET', '/channels', undefined, { filter_by_prefix: 'nothing' })).json).toEqual({
      channels: {},
    });
    expect((await world.api('GET', '/channels', undefined, { info: 'user_count' })).status).toBe(400);
    expect((await world.api('GET', '/channels/nobody-here')).json).toEqual({ occupied: false });
    expect((await world.api('GET', `/channels/${presence}`, undefined, { info: 'user_count' })).json).toEqual({
      occupied: true,
      user_count: 1,
    });
    expect((await world.api('GET', `/channels/${presence}/users`)).json).toEqual({ users: [{ id: '7' }] });
    expect((await world.api('GET', '/channels/presence-empty/users')).json).toEqual({ users: [] });
    expect((await world.api('GET', '/channels/news/users')).status).toBe(400);
  });

  it('30: terminate_connections closes the sockets of that user and nobody else’s', async () => {
    const [ada, bob] = [await enter({ userId: 'ada-30' }), await enter({ userId: 'bob-30' })];
    expect(await world.api('POST', '/users/ada-30/terminate_connections', {})).toMatchObject({
      status: 200,
      text: '{}',
    });
    await ada.closed;
    await bob.settle();
  });

  it('32: events on an encrypted channel pass unchanged', async () => {
    const somebody = await enter();
    const channel = fresh('private-encrypted-');
    await joinSigned(somebody, channel);
    const data = JSON.stringify({ nonce: 'bm9uY2U=', ciphertext: 'Y2lwaGVy' });
    await publish({ name: 'secret', channel, data });
    expect(await somebody.hear('secret')).toMatchObject({ data });
  });

  it('33: event names may have backslashes, dots, colons and 200 characters', async () => {
    const somebody = await enter();
    const news = fresh('news-');
    await somebody.join(news);
    for (const name of ['App\\Events\\OrderShipped', 'order.shipped:now', 'x'.repeat(200)]) {
      expect((await publish({ name, channel: news, data: '{}' })).status).toBe(200);
      await somebody.hear(name);
    }
    expect((await publish({ name: 'x'.repeat(201), channel: news, data: '{}' })).status).toBe(400);
  });

  it('35: after a cut, joining again restores the channels, and no ghost member stays', async () => {
    const channel = fresh('presence-');
    const [witness, ada] = [await enter(), await enter()];
    await joinSigned(witness, channel, member('witness'));
    await joinSigned(ada, channel, member('ada'));
    await witness.hear('pusher_internal:member_added');
    await ada.close();
    await witness.hear('pusher_internal:member_removed');
    const again = await enter();
    const joined = await joinSigned(again, channel, member('ada'));
    expect(dataOf(joined).presence.count).toBe(2);
    await witness.hear('pusher_internal:member_added');
  });

  it('beyond Pusher: a channel that PHP listed needs no signature, and opens to nobody else', async () => {
    const channels = ['private-orders-42', 'presence-lobby-*'];
    const listed = await enter({ userId: '42', userInfo: { name: 'Ada' }, channels });
    expect(await listed.join('private-orders-42')).toMatchObject({ event: succeeded });
    expect(dataOf(await listed.join('presence-lobby-1')).presence).toEqual({
      count: 1,
      ids: ['42'],
      hash: { 42: { name: 'Ada' } },
    });
    for (const channel of ['private-orders-421', 'private-orders-4', 'presence-lobb', 'private-lobby-1']) {
      expect(await listed.join(channel)).toMatchObject({ event: 'pusher:subscription_error' });
    }
    const stranger = await enter({ userId: '43' });
    expect(await stranger.join('private-orders-42')).toMatchObject({ event: 'pusher:subscription_error' });
  });
});
