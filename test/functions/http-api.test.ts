import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { socketIdOf } from '../../functions/core/connections/connection.ts';
import { attemptSeconds } from '../../functions/core/http-api/idempotency.ts';
import { deriveCredentials } from '../../functions/core/keys/credentials.ts';
import { createHttpApi } from '../../functions/http-api.ts';
import { createFakeBroadcaster } from '../fakes/broadcaster.ts';
import { ManualClock } from '../fakes/clock.ts';
import { MemoryIdempotency } from '../fakes/idempotency.ts';
import { LoggedLines } from '../fakes/logged-lines.ts';
import { MemoryMembers } from '../fakes/members.ts';
import { failNext, justAfter, justBefore } from '../fakes/order.ts';
import { signQuery } from '../fakes/signed-request.ts';
import { FakeSockets } from '../fakes/sockets.ts';
import { MemorySubscriptions } from '../fakes/subscriptions.ts';

const shared = { appId: 'app', key: 'key', secret: 'secret' };

/** http-api-terminate.test.ts is about closing. */
const notAsked = async () => {
  throw new Error('Nobody asks for that here.');
};

interface Asked {
  readonly method?: string;
  readonly query?: string;
  readonly key?: string | undefined;
}

/** Ada has two tabs on `presence-room`, Bob has one; one tab of each is on `news`. */
async function scene() {
  const clock = new ManualClock();
  const sender = new FakeSockets(clock).open('ada1', 'ada2', 'bob');
  const subscriptions = new MemorySubscriptions(clock);
  const members = new MemoryMembers(clock);
  const logged = new LoggedLines();
  const join = async (channel: string, connectionId: string, userId?: string) => {
    await subscriptions.add(channel, { principalId: `user:${userId ?? 'x'}`, connectionId }, 0, userId);
    if (userId !== undefined) await members.join(channel, { userId }, connectionId);
  };
  await join('presence-room', 'ada1', 'ada');
  await join('presence-room', 'ada2', 'ada');
  await join('presence-room', 'bob', 'bob');
  await join('news', 'ada1');
  await join('news', 'bob');
  const { broadcast, published } = createFakeBroadcaster(subscriptions, sender);
  const port = { broadcast };
  const idempotency = new MemoryIdempotency(clock);
  const api = createHttpApi({
    credentials: async () => deriveCredentials(shared),
    revoke: async () => ({ found: 0, closed: 0, gone: 0, failed: 0, took: {} }),
    rebindSession: notAsked,
    subscriptions,
    members,
    broadcast: (each) => port.broadcast(each),
    idempotency,
    clock,
    log: logged.log,
  });

  /** Signed as PHP signs it. */
  function ask(route: string, given: unknown, { method = 'POST', query = '', key }: Asked = {}) {
    const path = `/apps/app${route}`;
    const body = typeof given === 'string' ? given : JSON.stringify(given);
    const time = Math.floor(clock.now() / 1000);
    const event = {
      rawPath: path,
      rawQueryString: signQuery({ method, path, body: Buffer.from(body) }, { ...shared, time, others: query }),
      headers: key === undefined ? {} : { 'idempotency-key': key },
      body,
      isBase64Encoded: false,
      requestContext: { http: { method } },
    };
    return api(event as unknown as APIGatewayProxyEventV2);
  }
  const get = (route: string, query = '') => ask(route, '', { method: 'GET', query });
  /** A stranger's request, without a signature or with a bad one. */
  function probe(path: string, rawQueryString = '') {
    const event = {
      rawPath: path,
      rawQueryString,
      headers: {},
      body: '',
      requestContext: { http: { method: 'POST' } },
    };
    return api(event as unknown as APIGatewayProxyEventV2);
  }
  return { probe, clock, subscriptions, members, sender, logged, published, port, idempotency, join, ask, get };
}

const ok = (answer: unknown) => ({
  statusCode: 200,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(answer),
});
const refused = (status: number, words: string) => ({ statusCode: status, body: expect.stringContaining(words) });
const event = { name: 'my-event', data: '{"a":1}', channel: 'news' };

describe('an event', () => {
  it('reaches all who have joined its channel, data as it was, with an id', async () => {
    const { sender, logged, published, ask } = await scene();
    const data = '{ "b" : "\\/\\u00f6" , "a":1.0}';
    expect(await ask('/events', { ...event, data })).toEqual(ok({}));
    expect(['ada1', 'ada2', 'bob'].map((id) => sender.heardBy(id))).toEqual([['my-event'], [], ['my-event']]);
    const [{ frame = '' } = {}] = published;
    expect(JSON.parse(frame)).toEqual({
      event: 'my-event',
      channel: 'news',
      data,
      id: expect.stringMatching(/^[A-Za-z0-9_-]{22}$/),
    });
    expect(logged.lines).toEqual([
      {
        level: 'info',
        message: 'published',
        fields: { events: 1, handedOn: 0 },
        counts: { Published: 1, Delivered: 2, Gone: 0, Retried: 0, Lost: 0 },
      },
    ]);
  });

  it('reaches each of its channels with a separate id, and a new one the next time', async () => {
    const { published, ask } = await scene();
    const given = { ...event, channel: undefined, channels: ['news', 'presence-room'] };
    expect(await ask('/events', given)).toEqual(ok({}));
    expect(await ask('/events', given)).toEqual(ok({}));
    expect(published.map(({ channel }) => channel)).toEqual(['news', 'presence-room', 'news', 'presence-room']);
    expect(new Set(published.map(({ frame }) => JSON.parse(frame).id)).size).toBe(4);
  });

  it('does not reach the connection that caused it', async () => {
    const { sender, ask } = await scene();
    expect(await ask('/events', { ...event, socket_id: socketIdOf('bob') })).toEqual(ok({}));
    expect([sender.heardBy('ada1'), sender.heardBy('bob')]).toEqual([['my-event'], []]);
  });

  it('without subscribers is published too', async () => {
    const { ask } = await scene();
    expect(await ask('/events', { ...event, channel: '#server-to-user-carol' })).toEqual(ok({}));
  });

  it('returns the requested info about each of its channels', async () => {
    const { ask } = await scene();
    const channels = ['presence-room', 'news', 'silent'];
    const info = 'user_count,subscription_count';
    expect(await ask('/events', { ...event, channel: undefined, channels, info })).toEqual(
      ok({
        channels: {
          'presence-room': { user_count: 2 },
          news: { subscription_count: 2 },
          silent: { subscription_count: 0 },
        },
      }),
    );
    expect(await ask('/events', { ...event, info: 'user_count' })).toEqual(ok({ channels: { news: {} } }));
  });

  it('that is rejected is not published', async () => {
    const { published, logged, ask } = await scene();
    expect(await ask('/events', { ...event, data: 'x'.repeat(10_241) })).toMatchObject(
      refused(413, 'content of this event'),
    );
    expect(await ask('/events', { ...event, channel: 'a b' })).toMatchObject(refused(400, 'is not valid'));
    expect(await ask('/events', ' '.repeat(128 * 1024 + 1))).toMatchObject(refused(413, 'The body exceeds'));
    expect(published).toEqual([]);
    expect(logged.count('RequestRefused')).toBe(3);
  });
});

describe('a batch', () => {
  it('is published in its order, each event without its own connection', async () => {
    const { sender, ask } = await scene();
    const batch = [
      { ...event, name: 'first', socket_id: socketIdOf('bob') },
      { ...event, name: 'second' },
    ];
    expect(await ask('/batch_events', { batch })).toEqual(ok({}));
    expect([sender.heardBy('ada1'), sender.heardBy('bob')]).toEqual([['first', 'second'], ['second']]);
  });

  it('returns info for each event when one of them requests it', async () => {
    const { ask } = await scene();
    const batch = [
      event,
      { ...event, info: 'subscription_count' },
      { ...event, channel: 'presence-room', info: 'user_count' },
    ];
    expect(await ask('/batch_events', { batch })).toEqual(
      ok({ batch: [{}, { subscription_count: 2 }, { user_count: 2 }] }),
    );
  });

  it('with one invalid event is not published', async () => {
    const { published, ask } = await scene();
    expect(await ask('/batch_events', { batch: [event, { ...event, name: '' }] })).toMatchObject(
      refused(400, 'Event 1'),
    );
    expect(await ask('/batch_events', { batch: Array(11).fill(event) })).toMatchObject(refused(400, 'Batch too large'));
    expect(published).toEqual([]);
  });
});

describe('a failure', () => {
  it('on one channel does not stop the others, and PHP gets an error', async () => {
    const { published, port, ask } = await scene();
    failNext(port, 'broadcast');
    const given = { ...event, channel: undefined, channels: ['presence-room', 'news'] };
    await expect(ask('/events', given)).rejects.toThrow('the network is down');
    expect(published.map(({ channel }) => channel)).toEqual(['news']);
  });

  it.each([
    ['some', 1, false],
    ['all', 0, true],
  ])('of %s posts is logged', async (_, delivered, fails) => {
    const { logged, port, ask } = await scene();
    port.broadcast = async () => ({ delivered, gone: 0, lost: 2, retried: 3, handedOn: false, milliseconds: 9 });
    const asked = ask('/events', event);
    if (fails) await expect(asked).rejects.toThrow('None of 2 posts was accepted.');
    else expect(await asked).toEqual(ok({}));
    expect(logged.lines).toMatchObject([{ level: 'error', counts: { Delivered: delivered, Lost: 2 } }]);
  });
});

describe('with an Idempotency-Key', () => {
  const key = '0123-of_mine';

  it('an event is published once, and each retry gets the same answer', async () => {
    const { join, published, ask } = await scene();
    const given = { ...event, info: 'subscription_count' };
    const answer = ok({ channels: { news: { subscription_count: 2 } } });
    expect(await ask('/events', given, { key })).toEqual(answer);
    await join('news', 'carol');
    expect(await ask('/events', given, { key })).toEqual(answer);
    expect(published).toHaveLength(1);
  });

  it('another body gets 409, with a sentence that says not to retry', async () => {
    const { published, ask } = await scene();
    await ask('/events', event, { key });
    expect(await ask('/events', { ...event, data: '2' }, { key })).toMatchObject(refused(409, 'another body'));
    expect(published).toHaveLength(1);
  });

  it('another route has separate keys, and routes that do not publish ignore them', async () => {
    const { idempotency, ask } = await scene();
    await ask('/events', event, { key });
    expect(await ask('/batch_events', { batch: [event] }, { key })).toEqual(ok({}));
    expect(await ask('/users/42/terminate_connections', '{}', { key: '!' })).toEqual(ok({}));
    expect(idempotency.names).toEqual([
      `idempotency:/apps/app/events:${key}`,
      `idempotency:/apps/app/batch_events:${key}`,
    ]);
  });

  it('one of two simultaneous requests publishes, and the other must retry', async () => {
    const { published, idempotency, ask } = await scene();
    let second: unknown;
    justAfter(idempotency, 'begin', async () => {
      second = await ask('/events', event, { key });
    });
    expect(await ask('/events', event, { key })).toEqual(ok({}));
    expect(second).toMatchObject({ ...refused(503, 'is in progress'), headers: { 'retry-after': '1' } });
    expect(published).toHaveLength(1);
  });

  it('a request that finishes during another is not published twice', async () => {
    const { published, idempotency, ask } = await scene();
    let first: unknown;
    justBefore(idempotency, 'begin', async () => {
      first = await ask('/events', event, { key });
    });
    expect(await ask('/events', event, { key })).toEqual(ok({}));
    expect(first).toEqual(ok({}));
    expect(published).toHaveLength(1);
  });

  it('a failed request may be retried at once, with the same event ids', async () => {
    const { sender, published, idempotency, ask } = await scene();
    failNext(idempotency, 'finish');
    await expect(ask('/events', event, { key })).rejects.toThrow('the network is down');
    expect(await ask('/events', event, { key })).toEqual(ok({}));
    expect(sender.heardBy('bob')).toHaveLength(2);
    const [first, second] = published.map(({ frame }) => JSON.parse(frame));
    expect(second).toEqual(first);
  });

  it('a request whose function died is retried after its deadline', async () => {
    const { clock, published, idempotency, ask } = await scene();
    failNext(idempotency, 'finish');
    failNext(idempotency, 'abandon');
    await expect(ask('/events', event, { key })).rejects.toThrow();
    expect(await ask('/events', event, { key })).toMatchObject({ statusCode: 503 });
    await clock.advance(attemptSeconds * 1000);
    expect(await ask('/events', event, { key })).toEqual(ok({}));
    expect(published).toHaveLength(2);
  });

  it('a rejected request is not stored', async () => {
    const { idempotency, ask } = await scene();
    expect(await ask('/events', { ...event, name: '' }, { key })).toMatchObject({ statusCode: 400 });
    expect(idempotency.names).toEqual([]);
    expect(await ask('/events', event, { key })).toEqual(ok({}));
  });

  it.each(['short', 'x'.repeat(65), 'with blank', 'two,twice', ''])(
    'a request with the key %j is rejected',
    async (bad) => {
      const { published, ask } = await scene();
      expect(await ask('/events', event, { key: bad })).toMatchObject(refused(400, 'An Idempotency-Key must have'));
      expect(published).toEqual([]);
    },
  );
});

describe('a query about channels', () => {
  it('lists the occupied ones, as an object even when there are none', async () => {
    const { get } = await scene();
    expect(await get('/channels')).toEqual(ok({ channels: { news: {}, 'presence-room': {} } }));
    expect(await get('/channels', 'filter_by_prefix=private-')).toEqual(ok({ channels: {} }));
  });

  it('gets 413 when the list is too long for an answer of Lambda', async () => {
    const { subscriptions, get } = await scene();
    subscriptions.occupied = async function* () {
      for (let page = 0; page < 30; page += 1) {
        yield Array.from({ length: 1000 }, (_, index) => `${'x'.repeat(190)}-${page * 1000 + index}`);
      }
    };
    expect(await get('/channels')).toMatchObject(refused(413, 'filter_by_prefix'));
    expect(await get('/channels', 'filter_by_prefix=news')).toEqual(ok({ channels: {} }));
  });

  it('counts the users of presence channels', async () => {
    const { join, get } = await scene();
    await join('presence-__proto__', 'ada1', 'ada');
    const query = 'filter_by_prefix=presence-&info=user_count';
    expect((await get('/channels', query)).body).toBe(
      '{"channels":{"presence-__proto__":{"user_count":1},"presence-room":{"user_count":2}}}',
    );
  });

  it.each([
    ['counts without the prefix', '/channels', 'info=user_count'],
    ['counts with another prefix', '/channels', 'filter_by_prefix=private-&info=user_count'],
    ['subscriptions of all', '/channels', 'filter_by_prefix=presence-&info=subscription_count'],
    ['what nobody knows', '/channels', 'info=weather'],
    ['users of a channel without', '/channels/news', 'info=user_count'],
    ['subscriptions of a presence channel', '/channels/presence-room', 'info=subscription_count'],
    ['what nobody knows of one', '/channels/news', 'info=cache'],
    ['a channel that cannot be', '/channels/a:b', ''],
    ['the list of users of a channel without', '/channels/news/users', ''],
    ['the list of users of a channel that cannot be', '/channels/presence-a:b/users', ''],
  ])('gets 400 for %s', async (_, route, query) => {
    const { get } = await scene();
    expect(await get(route, query)).toMatchObject({ statusCode: 400 });
  });

  it('returns whether a channel is occupied, and its number of subscriptions', async () => {
    const { get } = await scene();
    expect(await get('/channels/news')).toEqual(ok({ occupied: true }));
    expect(await get('/channels/silent')).toEqual(ok({ occupied: false }));
    expect(await get('/channels/presence-room', 'info=user_count')).toEqual(ok({ occupied: true, user_count: 2 }));
    expect(await get('/channels/presence-none', 'info=user_count')).toEqual(ok({ occupied: false, user_count: 0 }));
    expect(await get('/channels/news', 'info=subscription_count')).toEqual(
      ok({ occupied: true, subscription_count: 2 }),
    );
  });

  it('skips expired rows', async () => {
    const { clock, join, get } = await scene();
    await clock.advance(3 * 3600 * 1000);
    expect(await get('/channels/news')).toEqual(ok({ occupied: false }));
    await join('news', 'zoe');
    expect(await get('/channels/news')).toEqual(ok({ occupied: true }));
  });

  it('returns each user of a presence channel once, and none of an empty channel', async () => {
    const { get } = await scene();
    expect(await get('/channels/presence-room/users')).toEqual(ok({ users: [{ id: 'ada' }, { id: 'bob' }] }));
    expect(await get('/channels/presence-none/users')).toEqual(ok({ users: [] }));
  });
});

describe('a flood of requests without a signature', () => {
  it('is logged as one line a minute for each sentence, and its metric stays exact', async () => {
    const { probe, logged } = await scene();
    for (let times = 0; times < 50; times += 1) await probe('/apps/app/events');
    for (let times = 0; times < 50; times += 1) await probe('/wp-login.php');
    expect(logged.messages).toEqual(['request refused', 'request refused']);
    expect(logged.count('RequestRefused')).toBe(100);
    expect(logged.lines.at(-1)).toMatchObject({ message: undefined, fields: { status: 404 } });
  });

  it('is summed up in the log at the first invocation after the minute', async () => {
    const { probe, ask, clock, logged } = await scene();
    for (let times = 0; times < 50; times += 1) await probe('/apps/app/events');
    await clock.advance(60_000);
    await ask('/events', event);
    expect(logged.lines.find(({ message }) => message === 'refusals suppressed')?.fields).toMatchObject({
      suppressed: 49,
    });
  });

  it.each([
    ['with another secret', { secret: 'a guess' }],
    ['that is a copy of an old one', { time: -601 }],
    ['over another body', { body: 'other' }],
  ])('does not hide a bad signature, which is always logged in full: %s', async (_, bad) => {
    const { probe, clock, logged } = await scene();
    const time = Math.floor(clock.now() / 1000) + ('time' in bad ? bad.time : 0);
    const path = '/apps/app/events';
    const body = Buffer.from('body' in bad ? bad.body : '');
    const secret = 'secret' in bad ? bad.secret : shared.secret;
    const query = signQuery({ method: 'POST', path, body }, { ...shared, secret, time });
    for (let times = 0; times < 50; times += 1) expect(await probe(path, query)).toMatchObject({ statusCode: 401 });
    expect(logged.messages).toEqual(Array(50).fill('request refused'));
  });

  it('does not hide PHP’s own faulty requests, which are signed', async () => {
    const { ask, logged } = await scene();
    for (let times = 0; times < 50; times += 1) await ask('/events', '{');
    expect(logged.messages).toEqual(Array(50).fill('request refused'));
  });
});
