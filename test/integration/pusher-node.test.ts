import Pusher from 'pusher';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Publishing, startPublishing } from '../gateway/publishing.ts';
import type { Client } from '../socket-client.ts';

// npm pusher as it is, told nothing but where the HTTP API is.
describe('npm pusher', () => {
  let gateway: Publishing;
  let pusher: Pusher;
  const opened: Client[] = [];
  beforeAll(async () => {
    gateway = await startPublishing();
    const { appId, key, secret } = gateway.credentials;
    const { host } = new URL(gateway.apiUrl);
    pusher = new Pusher({ appId, key, secret, host, useTLS: false, encryptionMasterKeyBase64: masterKey });
  });
  afterEach(async () => {
    for (const client of opened.splice(0)) await client.close();
    await expect.poll(() => gateway.rows('Subscriptions')).toEqual([]);
  });
  afterAll(() => gateway?.close());

  const listen = async (channels: readonly string[], userId?: string) => {
    const listener = await gateway.listen(channels, userId);
    opened.push(listener.client);
    return listener;
  };
  const json = async (answer: Promise<Pusher.Response>) => (await answer).json();

  // It reads the id as a number, and an id with letters becomes NaN.
  it('takes all settings from one URL', async () => {
    const { appId, key, secret } = gateway.credentials;
    const { host } = new URL(gateway.apiUrl);
    const { on } = await listen(['news']);
    const fromUrl = Pusher.forURL(`http://${key}:${secret}@${host}/apps/${appId}`);
    expect(await json(fromUrl.trigger('news', 'said', 'by URL'))).toEqual({});
    await expect.poll(() => on('news')).toMatchObject([{ event: 'said', data: 'by URL' }]);
  });

  it('triggers an event on several channels, but not for the socket that caused it', async () => {
    const { client, on } = await listen(['news', 'private-a']);
    const other = await listen(['news']);
    const answer = pusher.trigger(
      ['news', 'private-a'],
      'App\\Events\\Said',
      { text: 'wörld/1' },
      { socket_id: other.socketId },
    );
    expect(await json(answer)).toEqual({});
    for (const channel of ['news', 'private-a']) {
      await client.find((frame) => frame.includes('Said') && JSON.parse(frame).channel === channel);
      const data = '{"text":"wörld/1"}';
      expect(on(channel)).toEqual([{ event: 'App\\Events\\Said', channel, data, id: expect.any(String) }]);
    }
    await pusher.trigger('news', 'after', 'plain');
    expect(await other.heard('after')).toMatchObject({ channel: 'news', data: 'plain' });
    expect(other.client.frames.join()).not.toContain('Said');
  });

  it('triggers a batch', async () => {
    const { heard } = await listen(['news', 'presence-room']);
    const batch = [
      { channel: 'news', name: 'one', data: 1, info: 'subscription_count' },
      { channel: 'presence-room', name: 'two', data: { a: [] }, info: 'user_count' },
    ];
    expect(await json(pusher.triggerBatch(batch))).toEqual({ batch: [{ subscription_count: 1 }, { user_count: 1 }] });
    expect(await heard('one')).toMatchObject({ data: '1' });
    expect(await heard('two')).toMatchObject({ channel: 'presence-room', data: '{"a":[]}' });
  });

  it('queries channels, one channel and its users', async () => {
    await listen(['news', 'presence-room'], 'ada');
    await listen(['presence-room'], 'ada');
    await listen(['presence-room'], 'bob');
    expect(await json(pusher.get({ path: '/channels' }))).toEqual({ channels: { news: {}, 'presence-room': {} } });
    const params = { filter_by_prefix: 'presence-', info: 'user_count' };
    expect(await json(pusher.get({ path: '/channels', params }))).toEqual({
      channels: { 'presence-room': { user_count: 2 } },
    });
    expect(await json(pusher.get({ path: '/channels/news', params: { info: 'subscription_count' } }))).toEqual({
      occupied: true,
      subscription_count: 1,
    });
    expect(await json(pusher.get({ path: '/channels/presence-room/users' }))).toEqual({
      users: [{ id: 'ada' }, { id: 'bob' }],
    });
  });

  it('sends to a user', async () => {
    const { heard } = await listen(['#server-to-user-42']);
    await pusher.sendToUser('42', 'invoice', { number: 7 });
    expect(await heard('invoice')).toMatchObject({ channel: '#server-to-user-42', data: '{"number":7}' });
  });

  it('encrypts, and its encrypted data arrives unchanged', async () => {
    const { client, heard } = await listen(['private-encrypted-x']);
    await pusher.trigger('private-encrypted-x', 'secret', { text: 'hidden' });
    const { data } = await heard('secret');
    expect(Object.keys(JSON.parse(data))).toEqual(['nonce', 'ciphertext']);
    expect(client.frames.join()).not.toContain('hidden');
  });

  it('ends a user’s connections', async () => {
    const { client } = await listen(['news']);
    expect(await json(pusher.terminateUserConnections('42'))).toEqual({});
    await client.closed;
  });

  it('gets a sentence about its error', async () => {
    const refusal = (promise: Promise<unknown>) => promise.then(String, ({ status, body }) => ({ status, body }));
    expect(await refusal(pusher.trigger('news', 'big', 'x'.repeat(10_241)))).toEqual({
      status: 413,
      body: 'The data content of this event exceeds the allowed maximum (10240 bytes).',
    });
    expect(await refusal(pusher.triggerBatch(Array(11).fill({ channel: 'a', name: 'b', data: 'c' })))).toEqual({
      status: 400,
      body: 'Batch too large (11 > 10).',
    });
    const { host } = new URL(gateway.apiUrl);
    const stranger = new Pusher({ ...gateway.credentials, secret: 'another', host, useTLS: false });
    expect(await refusal(stranger.trigger('news', 'e', ''))).toMatchObject({ status: 401 });
    const elsewhere = new Pusher({ ...gateway.credentials, appId: 'other', host, useTLS: false });
    expect(await refusal(elsewhere.trigger('news', 'e', ''))).toMatchObject({ status: 404 });
  });
});

const masterKey = Buffer.from('k'.repeat(32)).toString('base64');
