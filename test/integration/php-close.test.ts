import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openTicket } from '../../functions/core/handshake/ticket.ts';
import { checkSignature } from '../../functions/core/http-api/request-signature.ts';
import { deriveCredentials, hashSessionId } from '../../functions/core/keys/credentials.ts';
import { answerJson, hangUp, WebServer } from '../fakes/web-server.ts';
import { anyPhp, phpVersions } from '../php/php-kinds.ts';
import {
  ask,
  callInside,
  cookieFrom,
  idIn,
  nowSeconds,
  shared,
  startTicketApp,
  type TicketApp,
} from '../php/ticket-app.ts';
import vectors from '../recorded/vectors.json' with { type: 'json' };

const credentials = { app_id: shared.appId, key: shared.key, secret: shared.secret };
const { sessionId } = vectors.sessionHash;
/** Nobody listens there. */
const nowhere = 'http://127.0.0.1:9';

describe.each(phpVersions)('close_session, close_user and rebind on $name', (version) => {
  let app: TicketApp;
  beforeAll(async () => {
    app = await startTicketApp(version);
  });
  afterEach(() => {
    expect(app.complaints).toEqual([]);
  });
  afterAll(() => app.close());

  it.each([
    ['nobody is there', [credentials, nowhere, sessionId, '42', 0.5], 'did not answer'],
    ['the URL is none', [credentials, 'api.example.com', sessionId], 'HttpApiUrl'],
    ['the URL is not encrypted', [credentials, 'http://api.example.com', sessionId], 'https'],
    ['a credential is missing', [{ ...credentials, secret: '' }, nowhere, sessionId], 'The setting secret is missing'],
  ] as const)('say it in a sentence, without an exception, when %s', async (_, [given, url, session], words) => {
    for (const [call, who] of [
      ['close-session', session],
      ['close-user', '42'],
      ['rebind', session],
    ]) {
      const newId = call === 'rebind' ? ['the-new-id'] : [];
      const sentence = String(await callInside(app, String(call), [given, url, who, ...newId]));
      expect(sentence).toContain(words);
      expect(sentence).not.toContain(shared.secret);
      expect(sentence).not.toContain(sessionId);
    }
  });
});

// One PHP is enough.
describe.each([anyPhp])('with a network, $name', (version) => {
  let app: TicketApp;
  let api: WebServer;
  const bodies: Buffer[] = [];
  beforeAll(async () => {
    app = await startTicketApp(version);
    api = await WebServer.start();
  });
  afterAll(async () => {
    await app.close();
    await api.close();
  });

  /** Answers, and keeps the bodies. */
  const answer = (status: number) => {
    bodies.length = 0;
    const before = api.requests.length;
    api.mood = (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk) => chunks.push(chunk));
      request.on('end', () => {
        bodies.push(Buffer.concat(chunks));
        answerJson({}, status)(request, response);
      });
    };
    return () =>
      api.requests.slice(before).map(({ method = '', url = '', headers }, index) => {
        const [path = '', query = ''] = url.split('?');
        expect(headers['content-type']).toBe('application/json');
        return { method, path, query, body: bodies[index] ?? Buffer.alloc(0) };
      });
  };
  const url = () => api.url('/').origin;

  it('closes a session by the hash that the gateway stores, signed as Pusher’s libraries do', async () => {
    const requests = answer(200);
    const ours = { ...vectors.credentials };
    const given = { app_id: ours.appId, key: ours.key, secret: ours.secret };
    expect(await callInside(app, 'close-session', [given, url(), sessionId, '42'])).toBeNull();
    const [request, ...others] = requests();
    expect(others).toEqual([]);
    expect(request?.path).toBe(`/apps/${ours.appId}/sessions/${vectors.sessionHash.hash}/terminate_connections`);
    expect(JSON.parse(String(request?.body))).toEqual({ user_id: '42' });
    expect(request && checkSignature(request, ours, nowSeconds())).toBe('signed');
  });

  it('closes both hashes while there are two secrets, and signs with the first', async () => {
    const requests = answer(200);
    const given = { ...credentials, previous_secret: 'the one before' };
    expect(await callInside(app, 'close-session', [given, `${url()}/`, sessionId])).toBeNull();
    const paths = requests().map(({ path }) => path);
    expect(new Set(paths).size).toBe(2);
    for (const request of requests()) {
      expect(String(request.body)).toBe('{}');
      expect(checkSignature(request, shared, nowSeconds())).toBe('signed');
    }
  });

  it('sends the new id of a session in a ticket that the gateway can open', async () => {
    const requests = answer(200);
    const ours = deriveCredentials(vectors.credentials);
    const given = { app_id: ours.appId, key: ours.key, secret: ours.secret };
    expect(await callInside(app, 'rebind', [given, url(), sessionId, 'a,new-id', '42'])).toBeNull();
    const [request, ...others] = requests();
    expect(others).toEqual([]);
    expect(request?.path).toBe(`/apps/${ours.appId}/sessions/${vectors.sessionHash.hash}/rebind`);
    expect(request && checkSignature(request, ours, nowSeconds())).toBe('signed');
    const { user_id: userId, ticket } = JSON.parse(String(request?.body));
    expect(userId).toBe('42');
    expect(openTicket(ticket, ours, nowSeconds())).toMatchObject({
      cookieHeader: 'PHPSESSID=a%2Cnew-id',
      sessionId: 'a,new-id',
      identity: { userId: '42' },
    });
    expect(String(request?.body)).not.toContain('new-id');
  });

  it('sends the new id for both hashes while there are two secrets, each with a separate ticket, and with another cookie', async () => {
    const requests = answer(200);
    const given = { ...credentials, previous_secret: 'the one before' };
    expect(await callInside(app, 'rebind', [given, url(), sessionId, 'new', null, 'SID=sealed'])).toBeNull();
    const all = requests();
    expect(new Set(all.map(({ path }) => path)).size).toBe(2);
    const tickets = all.map(({ body }) =>
      openTicket(JSON.parse(String(body)).ticket, deriveCredentials(shared), nowSeconds()),
    );
    expect(tickets).toMatchObject([
      { cookieHeader: 'SID=sealed', identity: undefined },
      { cookieHeader: 'SID=sealed' },
    ]);
    const jtis = tickets.map((ticket) => 'jti' in ticket && ticket.jti);
    expect(new Set(jtis).size).toBe(2);
  });

  it.each(['', 'x'.repeat(2049), 'SID=a\r\nX: b'])('does not seal the cookie %j', async (cookie) => {
    const sentence = await callInside(app, 'rebind', [credentials, nowhere, sessionId, 'new', '42', cookie]);
    expect(sentence).toContain('The cookie is not');
  });

  it('works in a login as the documentation shows it, after the session has its new id', async () => {
    const requests = answer(200);
    const page = await startTicketApp(version, { SESSION_SOCKET_API_URL: url() });
    const before = await cookieFrom(page, '/login');
    const { headers } = await ask(page, { path: '/log-in-again', cookie: before });
    const after = idIn(String(headers['set-cookie']).split(';')[0] ?? '');
    expect(after).not.toBe(idIn(before));
    const [request, ...others] = requests();
    expect(others).toEqual([]);
    expect(request?.path).toContain(hashSessionId(deriveCredentials(shared), idIn(before)));
    const { ticket } = JSON.parse(String(request?.body));
    expect(openTicket(ticket, deriveCredentials(shared), nowSeconds())).toMatchObject({ sessionId: after });

    answer(500);
    await ask(page, { path: '/log-in-again', cookie: `PHPSESSID=${after}` });
    expect(await page.nextComplaint()).toContain('Sockets are known by the old session id: The HTTP API answered 500');
    await page.close();
  });

  it('closes a user with Pusher’s own route', async () => {
    const requests = answer(200);
    expect(await callInside(app, 'close-user', [credentials, url(), 'ada@example.com'])).toBeNull();
    const [request] = requests();
    expect(request?.path).toBe(`/apps/${shared.appId}/users/ada@example.com/terminate_connections`);
    expect(request && checkSignature(request, shared, nowSeconds())).toBe('signed');
  });

  // Gateways of 0.1.0 read the path alone, and would have closed another user's sockets, or none, and called that done.
  it.each([
    'auth0|5f7c8ec7c33c6c004bbafe82',
    'Zoë',
    'a b',
    'a/b',
    '4%202',
    '../x',
    '..',
    '🙂'.repeat(32),
    'x'.repeat(128),
    '日'.repeat(128),
  ])('closes the user %j, with the id in the body if a path cannot contain it', async (userId) => {
    const requests = answer(200);
    expect(await callInside(app, 'close-user', [credentials, url(), userId])).toBeNull();
    const [request] = requests();
    expect(request && checkSignature(request, shared, nowSeconds())).toBe('signed');
    const name = request?.path.split('/')[4] ?? '';
    const body = JSON.parse(String(request?.body));
    expect([name, body]).toEqual(
      /^x+$/.test(userId) ? [userId, {}] : [expect.stringMatching(/^-{129}$/), { user_id: userId }],
    );
  });

  it.each([
    ['close-session', [sessionId, '42']],
    ['close-user', ['42']],
    ['rebind', [sessionId, 'next', '42']],
  ])('%s retries when a request fails, each time with new single-use values', async (call, rest) => {
    const requests = answer(200);
    const { mood } = api;
    let turn = 0;
    api.mood = (request, response) =>
      turn++ < 2 ? answerJson({}, 500)(request.resume(), response) : mood(request, response);
    expect(await callInside(app, call, [credentials, url(), ...rest])).toBeNull();
    const all = requests();
    expect(all).toHaveLength(3);
    expect(new Set(all.map(({ path }) => path)).size).toBe(1);
  });

  it('a retried rebind has a new ticket', async () => {
    const requests = answer(503);
    const sentence = await callInside(app, 'rebind', [credentials, url(), sessionId, 'next', '42']);
    expect(sentence).toContain('answered 503');
    const tickets = requests().map(({ body }) => JSON.parse(String(body)).ticket);
    expect(tickets).toHaveLength(4);
    expect(new Set(tickets).size).toBe(4);
  });

  it.each([400, 401, 404, 409])('does not retry after %d', async (status) => {
    const requests = answer(status);
    expect(await callInside(app, 'close-session', [credentials, url(), sessionId])).not.toBeNull();
    expect(requests()).toHaveLength(1);
  });

  it('works in a logout as the documentation shows it, after the session has ended', async () => {
    const requests = answer(200);
    const page = await startTicketApp(version, { SESSION_SOCKET_API_URL: url() });
    const cookie = await cookieFrom(page, '/login');
    const session = join(page.sessions, `sess_${idIn(cookie)}`);
    const asked: boolean[] = [];
    const { mood } = api;
    api.mood = (request, response) => {
      asked.push(existsSync(session));
      mood(request, response);
    };
    expect(existsSync(session)).toBe(true);
    expect((await ask(page, { path: '/logout', cookie })).status).toBe(200);
    expect(asked).toEqual([false]);
    expect(requests().map(({ body }) => String(body))).toEqual(['{"user_id":"42"}']);

    answer(500);
    await ask(page, { path: '/logout', cookie: await cookieFrom(page, '/login') });
    expect(await page.nextComplaint()).toContain('Sockets may be open: The HTTP API answered 500');
    await page.close();
  });

  it.each([
    [401, 'did not accept the signature'],
    [404, 'does not know this app'],
    [429, 'answered 429'],
    [500, 'answered 500'],
    [204, 'answered 204'],
  ])('explains a %d', async (status, words) => {
    answer(status);
    expect(await callInside(app, 'close-session', [credentials, url(), sessionId])).toContain(words);
  });

  it('reports a missing answer when the server closes the connection', async () => {
    api.mood = hangUp;
    expect(await callInside(app, 'close-user', [credentials, url(), '42'])).toContain('did not answer');
  });

  it('gives up at the deadline for all its requests together, when a server accepts the request and does not answer', async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as { port: number };
    const given = { ...credentials, previous_secret: 'the one before' };
    const begin = performance.now();
    const sentence = await callInside(app, 'close-session', [given, `http://127.0.0.1:${port}`, sessionId, null, 2]);
    expect(sentence).toContain('did not answer');
    // Two requests, which would be four seconds with a deadline each.
    expect(performance.now() - begin).toBeLessThan(3_900);
    silent.close();
  });

  it('rejects an unknown certificate', async () => {
    const read = (kind: string) =>
      readFileSync(new URL(`../fixtures/tls/this-machine.${kind}`, import.meta.url), 'utf8');
    const other = await WebServer.start(answerJson({}), { key: read('key'), cert: read('cert') });
    const answered = await callInside(app, 'close-user', [credentials, other.url('/').origin, '42', 1]);
    expect(answered).toContain('certificate');
    expect(other.requests).toEqual([]);
    await other.close();
  });
});
