import Pusher from 'pusher';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Publishing, startPublishing } from '../gateway/publishing.ts';
import { anyPhp } from '../php/php-kinds.ts';
import { callInside, startTicketApp, type TicketApp } from '../php/ticket-app.ts';
import type { Client } from '../socket-client.ts';

const snippet = new URL('../../docs/snippets/close-anybody.js', import.meta.url).href;
const { closeAnybody } = await import(snippet);

let gateway: Publishing;
let app: TicketApp;
let pusher: Pusher;
const opened: Client[] = [];
beforeAll(async () => {
  gateway = await startPublishing();
  app = await startTicketApp(anyPhp);
  const { appId, key, secret } = gateway.credentials;
  pusher = new Pusher({ appId, key, secret, host: new URL(gateway.apiUrl).host, useTLS: false });
});
afterEach(async () => {
  for (const client of opened.splice(0)) await client.close();
  await expect.poll(() => gateway.rows('Connections')).toEqual([]);
});
afterAll(async () => {
  await app?.close();
  await gateway?.close();
});

/** A user whose sockets were closed in this second can connect a second later. */
const open = async (userId: string): Promise<Client> => {
  gateway.become(userId);
  const listener = await vi.waitFor(() => gateway.listen([]), { timeout: 60_000 });
  opened.push(listener.client);
  return listener.client;
};
const credentials = () => {
  const { appId: app_id, key, secret } = gateway.credentials;
  return { app_id, key, secret };
};
const closedOrNot = async (closed: Client, other: Client) => {
  await closed.closed;
  expect(closed.frames.join()).toContain('4009');
  expect(other.socket.readyState).toBe(other.socket.OPEN);
};

/** Seconds. Requests may take long on a busy machine. */
const patience = 60;

const anybody = [
  'auth0|5f7c8ec7c33c6c004bbafe82',
  'Zoë',
  'a b',
  'a/b',
  'a?b#c',
  '100%',
  '4%202',
  '..',
  "O'Hara & <sons>",
  '🙂'.repeat(32),
  'x'.repeat(128),
];

describe('close_user() of the PHP file', () => {
  it.each(anybody)('closes the sockets of %j, and nobody else’s', async (userId) => {
    const other = await open('nobody');
    const client = await open(userId);
    expect(await callInside(app, 'close-user', [credentials(), gateway.apiUrl, userId, patience])).toBeNull();
    await closedOrNot(client, other);
  });
});

describe('npm pusher', () => {
  it.each(anybody.filter((userId) => !/[/?#]|^\.\.$/.test(userId)))('closes the sockets of %j', async (userId) => {
    const other = await open('nobody');
    const client = await open(userId);
    expect((await pusher.terminateUserConnections(userId)).status).toBe(200);
    await closedOrNot(client, other);
  });

  it.each(['auth0|5f7c8ec7c33c6c004bbafe82', 'Zoë', 'a b', 'ada@example.com'])(
    'closes the sockets of %j, escaped by the app',
    async (userId) => {
      const other = await open('nobody');
      const client = await open(userId);
      expect((await pusher.terminateUserConnections(encodeURIComponent(userId))).status).toBe(200);
      await closedOrNot(client, other);
    },
  );

  it.each(anybody)('closes the sockets of %j, with the id in the body as the documentation shows', async (userId) => {
    const other = await open('nobody');
    const client = await open(userId);
    expect((await closeAnybody(pusher, userId)).status).toBe(200);
    await closedOrNot(client, other);
  });

  // Where a path is cut or has another segment, no route is left, and API Gateway itself answers.
  it.each(['a/b', encodeURIComponent('a/b'), 'a?b'])('gets an error for %j in the path', async (userId) => {
    await expect(pusher.terminateUserConnections(userId)).rejects.toMatchObject({ status: 404 });
  });
});

// One invocation died in the middle of a logout, the answer was 500, and the tabs stayed open.
describe('when a Lambda is killed', () => {
  const killNext = (times: number) => {
    const [name = ''] = Object.keys(gateway.cloud.functions).filter((id) => id.includes('Publish'));
    return gateway.cloud.faults.inject({ kind: 'kill', function: name, times });
  };

  it.each([
    ['close-session', 1],
    ['close-session', 2],
    ['close-user', 1],
  ])('%s closes the sockets nevertheless, after %d deaths', async (call, times) => {
    const client = await open('42');
    const takeAway = killNext(times);
    const given = call === 'close-session' ? [gateway.sessionId, '42'] : ['42'];
    expect(await callInside(app, call, [credentials(), gateway.apiUrl, ...given, patience])).toBeNull();
    takeAway();
    await client.closed;
    expect(client.frames.join()).toContain('4009');
  });

  it('rebind gives the sockets their new id nevertheless', async () => {
    const client = await open('42');
    const before = (await gateway.rows('Connections')) as { sessionHash: string }[];
    const takeAway = killNext(1);
    const given = [credentials(), gateway.apiUrl, gateway.sessionId, 'the-next-id', '42', null, patience];
    expect(await callInside(app, 'rebind', given)).toBeNull();
    takeAway();
    const after = (await gateway.rows('Connections')) as { sessionHash: string }[];
    expect(after[0]?.sessionHash).not.toBe(before[0]?.sessionHash);
    expect(client.socket.readyState).toBe(client.socket.OPEN);
  });
});
