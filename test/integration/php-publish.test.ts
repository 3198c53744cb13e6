import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readEvent } from '../../functions/core/http-api/publish.ts';
import { checkSignature } from '../../functions/core/http-api/request-signature.ts';
import { hangUp, type Mood, neverAnswer, WebServer } from '../fakes/web-server.ts';
import { anyPhp, phpVersions } from '../php/php-kinds.ts';
import { ask, callInside, cookieFrom, nowSeconds, shared, startTicketApp, type TicketApp } from '../php/ticket-app.ts';

const credentials = { app_id: shared.appId, key: shared.key, secret: shared.secret };
/**
 * Of Pusher's documentation: https://pusher.com/docs/channels/library_auth_reference/auth-signatures/#worked-examples
 */
const theirs = { app_id: '3', key: '278d425bdf160c739803', secret: '7ad3773142a6692b25b8' };
/** Nobody listens there. */
const nowhere = 'http://127.0.0.1:9';

describe.each(phpVersions)('On $name', (version) => {
  let app: TicketApp;
  beforeAll(async () => {
    app = await startTicketApp(version);
  });
  afterEach(() => {
    expect(app.complaints).toEqual([]);
  });
  afterAll(() => app.close());

  const authorize = (channel: string, member: unknown = null, socketId = '1234.1234') =>
    callInside(app, 'authorize-channel', [theirs, socketId, channel, member]);

  it('a request is signed as in Pusher’s documentation', async () => {
    const body = '{"name":"foo","channels":["project-3"],"data":"{\\"some\\":\\"data\\"}"}';
    const query = await callInside(app, 'sign-query', [theirs, 'POST', '/apps/3/events', body, 1_353_088_179]);
    expect(query).toBe(
      'auth_key=278d425bdf160c739803&auth_timestamp=1353088179&auth_version=1.0&' +
        'body_md5=ec365a775a4cd0599faeb73354201b6f&' +
        'auth_signature=da454824c97ba181a32ccc17a72625ba02771f50b50e1e7430e47a1f3f457e6c',
    );
  });

  it('a private channel is signed as in Pusher’s documentation', async () => {
    expect(await authorize('private-foobar')).toEqual({
      auth: `${theirs.key}:58df8b0c36d6982b82c3ecf6b4662e34fe8c25bba48f5369f135bf843651c3a4`,
    });
  });

  it('a presence channel is signed with who joins it, as by pusher-http-php', async () => {
    expect(await authorize('presence-foobar', { userId: '10', userInfo: { name: 'Mr. Channels' } })).toEqual({
      auth: `${theirs.key}:4c6d8fc42a207ba96a0779844171b0bb819d96ffceef9609f5cce596ab17a800`,
      channel_data: '{"user_id":"10","user_info":{"name":"Mr. Channels"}}',
    });
    expect(await authorize('presence-foobar', { userId: '10' })).toEqual({
      auth: `${theirs.key}:f84515574e2196bb5d8554cc21e73bead300b66128c7d8c496723cb729a209c8`,
      channel_data: '{"user_id":"10"}',
    });
    expect(await authorize('presence-foobar', { userId: '10', userInfo: [] })).toMatchObject({
      channel_data: '{"user_id":"10","user_info":{}}',
    });
  });

  it('a user is signed as in Pusher’s documentation', async () => {
    const signIn = (socketId: string) => callInside(app, 'authorize-user', [theirs, socketId, { userId: '12345' }]);
    expect(await signIn('1234.1234')).toEqual({
      auth: `${theirs.key}:4708d583dada6a56435fb8bc611c77c359a31eebde13337c16ab43aa6de336ba`,
      user_data: '{"id":"12345"}',
    });
    expect(await signIn('1234.1234:private-a')).toBeNull();
  });

  it.each(['', '1234', '1.2.3', '-1.2', '1.2\n', '1234.1234:private-foobar', '1.2::user::{}'])(
    'nothing is signed for the socket id %j',
    async (socketId) => {
      expect(await authorize('private-foobar', null, socketId)).toBeNull();
    },
  );

  it.each([
    '',
    'foobar',
    'private-',
    'Private-foobar',
    'private-a:b',
    'private-a b',
    'private-foobar\n',
    'private-encrypted-foobar',
    '#server-to-user-42',
    `private-${'x'.repeat(193)}`,
    'presence-a:{"user_id":"1"}',
  ])('nothing is signed for the channel %j', async (channel) => {
    expect(await authorize(channel, { userId: '10' })).toBeNull();
  });

  it.each([
    ['nobody', null, 'an array with userId'],
    ['a number', { userId: 10 }, 'userId is not a string'],
    ['a user with channels', { userId: '10', channels: ['private-x'] }, 'an array with userId'],
    ['more than 1 KB', { userId: '10', userInfo: { name: 'x'.repeat(1000) } }, '1024 bytes'],
    ['an unknown field', { userId: '10', user_info: {} }, 'unknown field'],
  ])('it is the app’s fault when %s joins a presence channel', async (_, member, words) => {
    expect(await authorize('presence-foobar', member)).toContain(words);
  });

  it('the endpoint of the documentation signs the channels that a page may join, and answers 403 for others', async () => {
    const cookie = await cookieFrom(app, '/login');
    const join = (channel: string, by = cookie) => {
      const body = `socket_id=123.456&channel_name=${channel}`;
      const headers = {
        'content-type': 'application/x-www-form-urlencoded',
        'content-length': String(Buffer.byteLength(body)),
      };
      return ask(app, { path: '/pusher/auth', method: 'POST', cookie: by, headers, body });
    };
    const { status, body } = await join('presence-office');
    expect(status).toBe(200);
    expect(JSON.parse(body)).toEqual({
      auth: expect.stringMatching(/^demo-key:[0-9a-f]{64}$/),
      channel_data: '{"user_id":"42","user_info":{"name":"User 42"}}',
    });
    expect((await join('private-orders-42')).status).toBe(200);
    expect((await join('private-orders-43')).status).toBe(403);
    expect((await join('presence-office', '')).status).toBe(403);
  });

  it.each([
    ['nobody is there', [credentials, nowhere, 'news', 'e', 1, null, null, 0.5], 'did not answer'],
    ['the URL is none', [credentials, 'api.example.com', 'news', 'e', 1], 'HttpApiUrl'],
    ['the URL is not encrypted', [credentials, 'http://api.example.com', 'news', 'e', 1], 'https'],
    ['a credential is missing', [{ ...credentials, secret: '' }, nowhere, 'news', 'e', 1], 'The setting secret'],
    ['the key is too short', [credentials, nowhere, 'news', 'e', 1, null, 'short'], 'idempotency key'],
  ])('publish returns a sentence, without an exception, when %s', async (_, given, words) => {
    const sentence = String(await callInside(app, 'publish', given));
    expect(sentence).toContain(words);
    expect(sentence).not.toContain(shared.secret);
  });
});

// One PHP is enough.
describe.each([anyPhp])('publish on $name', (version) => {
  let app: TicketApp;
  let api: WebServer;
  let seen: { readonly path: string; readonly query: string; readonly key: string; readonly body: Buffer }[] = [];
  beforeAll(async () => {
    app = await startTicketApp(version);
    api = await WebServer.start();
  });
  afterAll(async () => {
    await app.close();
    await api.close();
  });
  beforeEach(() => {
    seen = [];
  });

  /** Behaves in these moods, one after the other, and then always in the last one. */
  const behave = (...moods: readonly Mood[]) => {
    let turn = 0;
    api.mood = (request, response) => {
      const mood = moods[Math.min(turn, moods.length - 1)] ?? neverAnswer;
      turn += 1;
      const chunks: Buffer[] = [];
      request.on('data', (chunk) => chunks.push(chunk));
      request.on('end', () => {
        const [path = '', query = ''] = (request.url ?? '').split('?');
        seen.push({ path, query, key: String(request.headers['idempotency-key']), body: Buffer.concat(chunks) });
        mood(request, response);
      });
    };
  };
  const answer =
    (status: number, text = '{}'): Mood =>
    (_, response) =>
      void response.writeHead(status, { 'content-length': Buffer.byteLength(text) }).end(text);
  const url = () => api.url('/').origin;
  const publish = (...rest: readonly unknown[]) => callInside(app, 'publish', [credentials, url(), ...rest]);
  const readSeen = () => seen.map(({ body }) => readEvent(body));

  it('sends the same request as Pusher’s library, signed, with a new idempotency key each time', async () => {
    behave(answer(200));
    expect(await publish('private-orders-42', 'order-shipped', { order: 1234 })).toBeNull();
    expect(await publish(['news', 'presence-room'], 'App\\Events\\Said', 'hé/llo', '123.456')).toBeNull();
    expect(String(seen[0]?.body)).toBe(
      '{"name":"order-shipped","data":"{\\"order\\":1234}","channel":"private-orders-42"}',
    );
    expect(readSeen()[1]).toMatchObject({
      name: 'App\\Events\\Said',
      channels: ['news', 'presence-room'],
      data: '"hé/llo"',
    });
    expect(JSON.parse(String(seen[1]?.body))).toMatchObject({ socket_id: '123.456' });
    for (const request of seen) {
      expect(request.path).toBe(`/apps/${shared.appId}/events`);
      expect(request.key).toMatch(/^[0-9a-f]{32}$/);
      expect(checkSignature({ ...request, method: 'POST' }, shared, nowSeconds())).toBe('signed');
    }
    expect(seen[0]?.key).not.toBe(seen[1]?.key);
  });

  it.each([
    [null, 'null'],
    ['plain', '"plain"'],
    ['123', '"123"'],
    [7, '7'],
    [[], '[]'],
    [[1, { a: 'ö' }], '[1,{"a":"ö"}]'],
  ])('writes %j as JSON, so that the page gets the same', async (value, data) => {
    behave(answer(200));
    expect(await publish('news', 'e', value)).toBeNull();
    expect(readSeen()).toMatchObject([{ data }]);
  });

  it('uses the app’s own idempotency key', async () => {
    behave(answer(200));
    expect(await publish('news', 'e', 1, null, 'job-2026-0042')).toBeNull();
    expect(seen.map(({ key }) => key)).toEqual(['job-2026-0042']);
  });

  it.each([
    ['answers 503, 503, 200', [answer(503), answer(503), answer(200)], 3],
    ['answers 408, 429, 500, 200', [answer(408), answer(429), answer(500), answer(200)], 4],
    ['drops the connection first', [hangUp, answer(200)], 2],
    ['closes without an answer first', [(request) => request.socket.end(), answer(200)], 2],
    ['hangs at first', [neverAnswer, answer(200)], 2],
  ] as const satisfies readonly (readonly [string, readonly Mood[], number])[])(
    'tries again when the server %s, the same under the same key and signed anew',
    async (_, moods, tries) => {
      behave(...moods);
      expect(await publish('news', 'e', 1)).toBeNull();
      expect(seen).toHaveLength(tries);
      expect(new Set(seen.map(({ key, body }) => `${key} ${body}`)).size).toBe(1);
      for (const request of seen) {
        expect(checkSignature({ ...request, method: 'POST' }, shared, nowSeconds())).toBe('signed');
      }
    },
  );

  it.each([
    [400, 'An event has 1 to 100 channels.', 'answered 400; the event may not be published. It said: An event has 1'],
    [401, 'no', 'did not accept the signature'],
    [404, 'no', 'does not know this app'],
    [409, 'Used for another.', 'It said: Used for another.'],
    [413, 'The data content of this event exceeds', 'exceeds'],
    [302, '', 'answered 302'],
  ])('does not retry after %d, and explains it', async (status, text, words) => {
    behave(answer(status, text));
    expect(await publish('news', 'e', 1)).toContain(words);
    expect(seen).toHaveLength(1);
  });

  it('gives up after four attempts', async () => {
    behave(answer(503, 'Not now.'));
    expect(await publish('news', 'e', 1)).toBe(
      'The HTTP API answered 503; the event may not be published. It said: Not now.',
    );
    expect(seen).toHaveLength(4);
  });

  it('gives up at the deadline for all its attempts together, when a server does not answer', async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const begin = performance.now();
    const given = [credentials, `http://127.0.0.1:${port}`, 'news', 'e', 1, null, null, 2];
    expect(await callInside(app, 'publish', given)).toContain('did not answer');
    // Four tries, which would be eight seconds with a deadline each.
    expect(performance.now() - begin).toBeLessThan(7_000);
    silent.close();
  });

  it('quotes only answers of one line of plain text', async () => {
    behave(answer(400, '<html>\n\u001b[31m'));
    expect(await publish('news', 'e', 1)).toBe('The HTTP API answered 400; the event may not be published.');
  });

  it('works as the documentation shows it', async () => {
    behave(answer(200));
    const page = await startTicketApp(version, { SESSION_SOCKET_API_URL: url() });
    expect((await ask(page, { path: '/order-shipped' })).status).toBe(200);
    expect(readSeen()).toMatchObject([{ channels: ['private-orders-42'], data: '{"order":1234,"by":"express"}' }]);
    behave(answer(400, 'No.'));
    await ask(page, { path: '/order-shipped' });
    expect(await page.nextComplaint()).toContain('Not published: The HTTP API answered 400');
    await page.close();
  });
});
