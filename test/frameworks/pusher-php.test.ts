import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Publishing, startPublishing } from '../gateway/publishing.ts';
import type { Client } from '../socket-client.ts';
import { installApp } from './install.ts';
import { needsFramework } from './needs.ts';

const masterKey = Buffer.alloc(32, 'k').toString('base64');

// pusher/pusher-php-server as it is, told nothing but where the HTTP API is.
describe('pusher/pusher-php-server', needsFramework(['composer'], ['curl']), () => {
  let gateway: Publishing;
  let folder: string;
  const opened: Client[] = [];
  beforeAll(async () => {
    folder = (await installApp('pusher')).folder;
    gateway = await startPublishing();
  });
  afterEach(async () => {
    for (const client of opened.splice(0)) await client.close();
    await expect.poll(() => gateway.rows('Subscriptions')).toEqual([]);
  });
  afterAll(() => gateway?.close());

  /** What a method of the library returns, or the error that it throws for an answer other than 200. */
  const call = async (method: string, args: readonly unknown[], by: object = {}) => {
    const { hostname, port } = new URL(gateway.apiUrl);
    const options = { host: hostname, port, scheme: 'http', encryption_master_key_base64: masterKey };
    const credentials = { ...gateway.credentials, ...by };
    const question = JSON.stringify({ credentials, options, method, arguments: args });
    const { stdout } = await promisify(execFile)('php', [join(folder, 'call.php'), question]);
    const { answer, ...error } = JSON.parse(stdout);
    return answer ?? error;
  };
  const listen = async (channels: readonly string[], userId?: string) => {
    const listener = await gateway.listen(channels, userId);
    opened.push(listener.client);
    return listener;
  };

  it('triggers an event on several channels, and leaves out the socket that caused it', async () => {
    const { client, on } = await listen(['news', 'private-a']);
    const other = await listen(['news']);
    const data = { text: 'wörld/1' };
    const except = { socket_id: other.socketId };
    expect(await call('trigger', [['news', 'private-a'], 'App\\Events\\Said', data, except])).toEqual({});
    for (const channel of ['news', 'private-a']) {
      await client.find((frame) => frame.includes('Said') && frame.includes(`"channel":"${channel}"`));
      const [said] = on(channel);
      expect(JSON.parse(String(said?.data))).toEqual(data);
    }
    await call('trigger', ['news', 'after', 'plain']);
    expect(await other.heard('after')).toMatchObject({ channel: 'news', data: '"plain"' });
    expect(other.client.frames.join()).not.toContain('Said');
  });

  it('publishes with the lines of docs/moving-from-pusher.md', async () => {
    const { heard } = await listen(['news']);
    const snippet = join(import.meta.dirname, '../../docs/snippets/moving/pusher-php.php');
    const code = `require $argv[1]; require $argv[2]; $pusher->trigger('news', 'said', ['text' => 'by URL']);`;
    const { appId, key, secret } = gateway.credentials;
    const env = {
      ...process.env,
      SESSION_SOCKET_API_URL: gateway.apiUrl,
      SESSION_SOCKET_APP_ID: appId,
      SESSION_SOCKET_KEY: key,
      SESSION_SOCKET_SECRET: secret,
    };
    await promisify(execFile)('php', ['-r', code, '--', join(folder, 'vendor/autoload.php'), snippet], { env });
    expect(await heard('said')).toMatchObject({ channel: 'news', data: '{"text":"by URL"}' });
  });

  it('triggers with what it wants to know of the channels', async () => {
    await listen(['news', 'presence-room'], 'ada');
    const wish = { info: 'subscription_count,user_count' };
    expect(await call('trigger', ['presence-room', 'e', [], wish])).toMatchObject({
      channels: { 'presence-room': { user_count: 1 } },
    });
  });

  it('triggers a batch', async () => {
    const { heard } = await listen(['news', 'presence-room']);
    const batch = [
      { channel: 'news', name: 'one', data: 1, info: 'subscription_count' },
      { channel: 'presence-room', name: 'two', data: { a: [] }, info: 'user_count' },
    ];
    expect(await call('triggerBatch', [batch])).toEqual({ batch: [{ subscription_count: 1 }, { user_count: 1 }] });
    expect(await heard('one')).toMatchObject({ data: '1' });
    expect(await heard('two')).toMatchObject({ channel: 'presence-room', data: '{"a":[]}' });
  });

  it('asks for channels, one channel and its users', async () => {
    await listen(['news', 'presence-room'], 'ada');
    await listen(['presence-room'], 'ada');
    await listen(['presence-room'], 'bob');
    expect(await call('getChannels', [])).toEqual({ channels: { news: {}, 'presence-room': {} } });
    const wish = { filter_by_prefix: 'presence-', info: 'user_count' };
    expect(await call('getChannels', [wish])).toEqual({ channels: { 'presence-room': { user_count: 2 } } });
    expect(await call('getChannelInfo', ['news', { info: 'subscription_count' }])).toEqual({
      occupied: true,
      subscription_count: 1,
    });
    expect(await call('getPresenceUsers', ['presence-room'])).toEqual({ users: [{ id: 'ada' }, { id: 'bob' }] });
    expect(await call('getPresenceUsers', ['presence-empty'])).toEqual({ users: [] });
  });

  it('sends to a user', async () => {
    const { heard } = await listen(['#server-to-user-42']);
    await call('sendToUser', ['42', 'invoice', { number: 7 }]);
    expect(await heard('invoice')).toMatchObject({ channel: '#server-to-user-42', data: '{"number":7}' });
  });

  it('encrypts, and what it encrypted arrives untouched', async () => {
    const { client, heard } = await listen(['private-encrypted-x']);
    await call('trigger', ['private-encrypted-x', 'secret', { text: 'hidden' }]);
    expect(Object.keys(JSON.parse((await heard('secret')).data))).toEqual(['nonce', 'ciphertext']);
    expect(client.frames.join()).not.toContain('hidden');
  });

  it('signs who may join: private, presence, encrypted, and who somebody is', async () => {
    const { client, socketId, heard } = await listen([]);
    const wishes = [
      ['private-a', await call('authorizeChannel', ['private-a', socketId])],
      ['presence-a', await call('authorizePresenceChannel', ['presence-a', socketId, '42', { name: 'Ada' }])],
      ['private-encrypted-a', await call('authorizeChannel', ['private-encrypted-a', socketId])],
    ] as const;
    for (const [channel, signed] of wishes) {
      client.send({ event: 'pusher:subscribe', data: { channel, ...JSON.parse(signed) } });
      const joined = await client.find((frame) => frame.includes('subscription_') && frame.includes(`"${channel}"`));
      expect(JSON.parse(joined).event).toBe('pusher_internal:subscription_succeeded');
    }
    client.send({ event: 'pusher:signin', data: JSON.parse(await call('authenticateUser', [socketId, { id: '42' }])) });
    expect(JSON.stringify(await heard('pusher:signin_success'))).toContain('42');
  });

  it('is told in words what was wrong', async () => {
    expect(await call('trigger', ['news', 'big', 'x'.repeat(10_241)])).toEqual({
      status: 413,
      body: 'The data content of this event exceeds the allowed maximum (10240 bytes).',
    });
    expect(await call('trigger', ['news', 'e', ''], { secret: 'another' })).toMatchObject({ status: 401 });
    expect(await call('trigger', ['news', 'e', ''], { appId: 'other' })).toMatchObject({ status: 404 });
  });

  // The last, because a ticket of the same second counts as older.
  it('ends a user’s connections', async () => {
    const { client } = await listen(['news']);
    expect(await call('terminateUserConnections', ['42'])).toEqual({});
    await client.closed;
  });
});
