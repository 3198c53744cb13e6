import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { connectionLifetime } from '../../functions/core/connections/connection.ts';
import { attemptSeconds, readAttempt } from '../../functions/core/http-api/idempotency.ts';
import { systemClock } from '../../functions/edge/clock.ts';
import { createIdempotencyRows } from '../../functions/edge/dynamodb/claim-rows.ts';
import { createMemberRows } from '../../functions/edge/dynamodb/member-rows.ts';
import { createSubscriptionRows } from '../../functions/edge/dynamodb/subscription-rows.ts';
import { type Publishing, startPublishing } from '../gateway/publishing.ts';
import { anyPhp } from '../php/php-kinds.ts';
import { callInside, startTicketApp, type TicketApp } from '../php/ticket-app.ts';
import type { Client } from '../socket-client.ts';

let gateway: Publishing;
const opened: Client[] = [];
beforeAll(async () => {
  gateway = await startPublishing();
});
afterEach(async () => {
  for (const client of opened.splice(0)) await client.close();
});
afterAll(() => gateway?.close());

/** A socket that has joined a channel of its own. */
async function listen(channel: string) {
  const listener = await gateway.listen([channel]);
  opened.push(listener.client);
  return { ...listener, events: () => listener.on(channel) };
}
const event = (channel: string, data = '{"a":1}', name = 'my-event') => JSON.stringify({ name, channel, data });
const statusAndText = async (answer: Promise<Response>) => [(await answer).status, await (await answer).text()];

describe('an event over the HTTP API', () => {
  it('arrives unchanged, whatever is in it', async () => {
    const { client, events } = await listen('untouched');
    const data = '{ "b" : "\\/\\u00f6 ö \\ud83d" , "a":1.0}';
    const answer = await gateway.ask('POST', '/events', { body: event('untouched', data, 'App\\Events\\Said') });
    expect([answer.status, answer.headers.get('content-type'), await answer.text()]).toEqual([
      200,
      'application/json',
      '{}',
    ]);
    await client.find((frame) => frame.includes('Said'));
    expect(events()).toEqual([{ event: 'App\\Events\\Said', channel: 'untouched', data, id: expect.any(String) }]);
  });

  it('is rejected with a sentence, never with 500', async () => {
    const deep = '['.repeat(50_000) + ']'.repeat(50_000);
    const channels = JSON.stringify({ name: 'e', data: '', channels: Array(101).fill('a') });
    const bodies = [
      '',
      '{',
      'null',
      deep,
      '{"__proto__":{"name":"e"}}',
      channels,
      event('a b'),
      event('a', '', 'pusher:error'),
    ];
    for (const body of bodies) {
      const [status, text] = await statusAndText(gateway.ask('POST', '/events', { body }));
      expect([status, text]).toEqual([400, expect.stringMatching(/ .*\.$/)]);
    }
    expect(await statusAndText(gateway.ask('POST', '/events', { body: event('a', 'x'.repeat(10_241)) }))).toEqual([
      413,
      'The data content of this event exceeds the allowed maximum (10240 bytes).',
    ]);
    expect(await statusAndText(gateway.ask('POST', '/events', { body: ' '.repeat(200_000) }))).toEqual([
      413,
      'The body exceeds the allowed maximum (131072 bytes).',
    ]);
  });

  it('is accepted only with a signature of the secret from within ten minutes', async () => {
    const body = event('a');
    const statusOf = async (by: object) => (await gateway.ask('POST', '/events', { body, ...by })).status;
    const now = Date.now() / 1000;
    expect(await statusOf({ time: now - 590 })).toBe(200);
    expect(await statusOf({ time: now - 605 })).toBe(401);
    expect(await statusOf({ time: now + 610 })).toBe(401);
    expect(await statusOf({ secret: 'another' })).toBe(401);
  });

  it('is published once under one Idempotency-Key, however many requests send it at once', async () => {
    const { client, events } = await listen('once');
    const key = 'one-of-many-0001';
    const ask = () => gateway.ask('POST', '/events', { body: event('once'), key });
    const answers = await Promise.all(Array.from({ length: 6 }, ask));
    const statuses = answers.map(({ status }) => status);
    expect(statuses).toContain(200);
    expect(new Set([...statuses, 200, 503])).toEqual(new Set([200, 503]));
    for (const answer of answers.filter(({ status }) => status === 503))
      expect(answer.headers.get('retry-after')).toBe('1');
    expect(await statusAndText(ask())).toEqual([200, '{}']);
    const other = gateway.ask('POST', '/events', { body: event('once', '2'), key });
    expect(await statusAndText(other)).toEqual([409, expect.stringContaining('another body')]);
    await gateway.ask('POST', '/events', { body: event('once', 'last') });
    await client.find((frame) => frame.includes('"last"'));
    expect(events().map(({ data }) => data)).toEqual(['{"a":1}', 'last']);
  });
});

describe('a function that dies while it publishes', () => {
  it('lets the event be published again when its attempt has expired', async () => {
    const { events } = await listen('dying');
    const body = event('dying');
    const key = 'of-one-who-dies';
    const ask = () => gateway.ask('POST', '/events', { body, key });
    await dieWith(readAttempt(key, `/apps/${gateway.credentials.appId}/events`, Buffer.from(body)));
    expect(await statusAndText(ask())).toEqual([503, expect.stringContaining('is in progress')]);
    expect(events()).toEqual([]);
    gateway.cloud.clock.advance(attemptSeconds * 1000);
    expect(await statusAndText(ask())).toEqual([200, '{}']);
    await expect.poll(() => events()).toHaveLength(1);
    expect(await statusAndText(ask())).toEqual([200, '{}']);
  });

  /** Begins, and does nothing more. */
  async function dieWith(attempt: ReturnType<typeof readAttempt>) {
    if ('status' in attempt) throw new Error(attempt.sentence);
    const { dynamodbEndpoint: endpoint, region, credentials, tables, clock } = gateway.cloud;
    const client = new DynamoDBClient({ endpoint, region, credentials });
    const [, table = ''] = Object.entries(tables).find(([id]) => id.includes('Claims')) ?? [];
    const now = () => clock.now();
    expect(await createIdempotencyRows(table, client, { now, pause: systemClock.pause }).begin(attempt)).toBe('ours');
    client.destroy();
  }
});

// A Lambda that is killed between two writes leaves one: the row of the connection goes first.
describe('a subscription whose connection is gone', () => {
  const room = 'presence-with-a-ghost';
  const ghost = { principalId: 'user:ghost', connectionId: 'L0SM9cOFvHcCIhw=' };

  it('is removed with its user by the first event, and gets no further posts', async () => {
    const { heard } = await listen(room);
    const { subscriptions, members, close } = rows();
    await members.join(room, { userId: 'ghost' }, ghost.connectionId);
    await subscriptions.add(room, ghost, gateway.cloud.clock.now(), 'ghost');

    expect(await publish(room)).toMatchObject({ Delivered: 1, Gone: 1 });
    expect(await subscriptions.find(room, ghost)).toBeUndefined();
    expect(JSON.parse((await heard('pusher_internal:member_removed')).data)).toEqual({ user_id: 'ghost' });
    expect(await publish(room)).toMatchObject({ Delivered: 1, Gone: 0 });
    close();
  });

  it('gets no posts after its expiry, although its row is still there', async () => {
    await listen('with-a-ghost');
    const { subscriptions, close } = rows(connectionLifetime);
    await subscriptions.add('with-a-ghost', ghost, gateway.cloud.clock.now());
    expect(await publish('with-a-ghost')).toMatchObject({ Delivered: 1, Gone: 0 });
    close();
  });

  /** @param age of what is written, in seconds */
  function rows(age = 0) {
    const { dynamodbEndpoint: endpoint, region, credentials, tables, clock } = gateway.cloud;
    const client = new DynamoDBClient({ endpoint, region, credentials });
    const past = { now: () => clock.now() - age * 1000, pause: systemClock.pause };
    const named = (part: string) => Object.entries(tables).find(([id]) => id.includes(part))?.[1] ?? '';
    return {
      subscriptions: createSubscriptionRows(named('Subscriptions'), client, past),
      members: createMemberRows(named('Members'), client, past),
      close: () => client.destroy(),
    };
  }

  /** @returns what was logged of it */
  async function publish(channel: string) {
    const logged = () => gateway.records().filter(({ Published }) => Published !== undefined);
    const before = logged().length;
    await gateway.ask('POST', '/events', { body: event(channel) });
    await expect.poll(logged).toHaveLength(before + 1);
    return logged().at(-1);
  }
});

describe('questions', () => {
  it('accept escaped and unescaped parameters, and lists', async () => {
    await listen('presence-a');
    const { appId } = gateway.credentials;
    const signed = new URL(
      (await gateway.ask('GET', '/channels', { query: 'filter_by_prefix=presence-&info=user_count' })).url,
    );
    const path = `${gateway.apiUrl}/apps/${appId}/channels?`;
    for (const change of [
      (query: string) => query,
      (query: string) => query.replace('user_count', 'user%5Fcount'),
      (query: string) => query.replace('info=', 'info[0]='),
    ]) {
      const answer = await fetch(path + change(signed.search.slice(1)));
      expect(await answer.json()).toEqual({ channels: { 'presence-a': { user_count: 1 } } });
    }
  });

  it('get 400 for a path with escapes, and 404 for unknown paths', async () => {
    expect((await gateway.ask('GET', '/channels/a%20b')).status).toBe(400);
    expect((await gateway.ask('GET', '/channels/a%252Cb')).status).toBe(400);
    expect((await gateway.ask('GET', '/events')).status).toBe(404);
    expect((await gateway.ask('POST', '/channels')).status).toBe(404);
    expect((await gateway.ask('GET', '/connections')).status).toBe(404);
  });

  it('get an object when there is nothing', async () => {
    expect(await statusAndText(gateway.ask('GET', '/channels', { query: 'filter_by_prefix=none-' }))).toEqual([
      200,
      '{"channels":{}}',
    ]);
    expect(await statusAndText(gateway.ask('GET', '/channels/none'))).toEqual([200, '{"occupied":false}']);
    expect(await statusAndText(gateway.ask('GET', '/channels/presence-x/users'))).toEqual([200, '{"users":[]}']);
    expect((await gateway.ask('GET', '/channels/none/users')).status).toBe(400);
  });
});

describe('publish() of the PHP file', () => {
  let app: TicketApp;
  beforeAll(async () => {
    app = await startTicketApp(anyPhp);
  });
  afterAll(() => app?.close());

  const publish = (...rest: readonly unknown[]) => {
    const { appId: app_id, key, secret } = gateway.credentials;
    return callInside(app, 'publish', [{ app_id, key, secret }, gateway.apiUrl, ...rest]);
  };

  it('reaches the subscriber, but not the one that caused it', async () => {
    const [other, cause] = [await listen('from-php'), await listen('from-php')];
    expect(await publish(['from-php', 'nobody-here'], 'said', { text: 'hé/llo' }, cause.socketId)).toBeNull();
    await other.client.find((frame) => frame.includes('said'));
    expect(other.events()).toMatchObject([{ event: 'said', data: '{"text":"hé/llo"}' }]);
    expect(await publish('from-php', 'after', null)).toBeNull();
    await cause.client.find((frame) => frame.includes('after'));
    expect(cause.events()).toMatchObject([{ event: 'after', data: 'null' }]);
  });

  it('returns the API’s reason for a rejection', async () => {
    expect(await publish('a b', 'said', 1)).toBe(
      'The HTTP API answered 400; the event may not be published. It said: The name of channel 0 of the event is not valid.',
    );
  });
});

it('no log has published data, its receivers, a secret or a signature', async () => {
  const { client } = await listen('private-of-somebody');
  const body = event('private-of-somebody', 'between us', 'whispered');
  await gateway.ask('POST', '/events', { body, key: 'a-key-of-somebody' });
  await client.find((frame) => frame.includes('between us'));
  await gateway.logged(({ message }) => message === 'published');
  const written = JSON.stringify(gateway.log);
  for (const secret of ['between us', 'whispered', 'of-somebody', gateway.credentials.secret, 'auth_signature='])
    expect(written).not.toContain(secret);
  expect(JSON.stringify(await gateway.rows('Claims'))).not.toContain('between us');
});
