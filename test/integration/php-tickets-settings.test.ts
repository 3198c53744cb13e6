import { readFile, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openPhpTicket } from '../php/node-ticket.ts';
import { phpVersions } from '../php/php-kinds.ts';
import {
  ask,
  askAsGateway,
  cookieFrom,
  idIn,
  nowSeconds,
  type Question,
  shared,
  startTicketApp,
  type TicketApp,
} from '../php/ticket-app.ts';

const generic = '{"error":"PHP could not answer. PHP\'s error log says why."}';
/** As JSON just so many bytes. */
function identityOf(bytes: number) {
  const identity = { userInfo: { pad: '' }, channels: Array(12).fill(`private-${'a'.repeat(100)}`) };
  identity.userInfo.pad = 'x'.repeat(bytes - JSON.stringify(identity).length);
  return identity;
}
const withJson = (path: string, value: unknown) => `${path}?json=${encodeURIComponent(JSON.stringify(value))}`;

describe.each(phpVersions)('the settings of session-socket.php on $name', (version) => {
  let app: TicketApp;
  let cookie: string;

  beforeAll(async () => {
    app = await startTicketApp(version);
    cookie = await cookieFrom(app, '/login');
  });
  afterEach(() => {
    expect(app.complaints).toEqual([]);
  });
  afterAll(() => app.close());

  /** Both askers get a 500 that says nothing, and the log gets the sentence and nothing secret. */
  async function expectFault(question: Question, sentence: RegExp): Promise<void> {
    const answer = await ask(app, { cookie, ...question });
    expect(answer.status).toBe(500);
    expect(answer.body).toBe(generic);
    expect(answer.headers['cache-control']).toBe('no-store');
    const complaint = await app.nextComplaint();
    expect(complaint).toContain('session-socket: answered 500.');
    expect(complaint).toMatch(sentence);
    expect(complaint).not.toContain('Stack trace');
    expect(complaint).not.toContain(idIn(cookie));
    expect(complaint).not.toContain(shared.secret);
  }

  describe('for the credentials', () => {
    const good = { app_id: shared.appId, key: shared.key, secret: shared.secret };

    it.each([
      ['no app_id', { ...good, app_id: undefined }, /app_id is missing or empty/],
      ['an empty app_id', { ...good, app_id: '' }, /app_id is missing or empty/],
      ['a number as app_id', { ...good, app_id: 123456789012 }, /app_id is a number: write it in quotes/],
      ['no key', { ...good, key: undefined }, /key is not 1 to 32 of A-Z/],
      ['a key with a dot', { ...good, key: 'a.b' }, /key is not 1 to 32 of A-Z/],
      ['a key with a newline', { ...good, key: 'ab\n' }, /key is not 1 to 32 of A-Z/],
      ['a key that is too long', { ...good, key: 'k'.repeat(33) }, /key is not 1 to 32 of A-Z/],
      ['no secret', { ...good, secret: undefined }, /secret is missing or empty/],
      ['a secret that getenv did not find', { ...good, secret: false }, /secret is missing or empty/],
      ['an empty secret', { ...good, secret: '' }, /secret is missing or empty/],
      ['a secret with its newline', { ...good, secret: `${shared.secret}\n` }, /trim\(\) it/],
      ['a previous secret with a space', { ...good, previous_secret: ' x' }, /trim\(\) it/],
      ['a previous secret that is a number', { ...good, previous_secret: 7 }, /is not a string/],
      ['a setting that there is not', { ...good, previousSecret: 'x' }, /no setting previousSecret: there are app_id/],
    ])('refuses %s in a clear sentence', async (_, settings, sentence) => {
      await expectFault({ path: withJson('/settings', settings) }, sentence);
    });

    it.each([undefined, null, false, ''])('treats %j as no previous secret', async (previous_secret) => {
      const path = withJson('/settings', { ...good, previous_secret });
      expect((await ask(app, { path, cookie })).status).toBe(200);
      expect((await askAsGateway(app, { path, cookie })).status).toBe(200);
    });
  });

  describe('for the logged-in user', () => {
    const inAnHour = nowSeconds() + 3600;

    it.each([
      [{}],
      [{ userId: '42' }],
      [{ userId: 'ä€🙂/"' }],
      [{ userId: 'u'.repeat(128) }],
      [{ userInfo: { pad: 'x'.repeat(2048 - '{"pad":""}'.length) } }],
      [{ userInfo: { name: 'Ada', tags: ['a'], nested: { deep: null } } }],
      [{ userId: '1', channels: ['private-a', 'private-*', 'presence-room-*', 'private-A_-=@,.;9'] }],
      [{ channels: [] }],
      [{ expiresAt: inAnHour }],
      [identityOf(3072)],
      [{ channels: Array.from({ length: 100 }, (_, n) => `private-${n}`) }],
      [{ userId: '7', userInfo: { a: 1 }, channels: ['presence-x'], expiresAt: inAnHour }],
    ])('passes %j to the gateway and into the ticket', async (identity) => {
      const path = withJson('/identity', identity);
      const toGateway = await askAsGateway(app, { path, cookie });
      expect(JSON.parse(toGateway.body)).toEqual({ sessionId: idIn(cookie), ...identity });
      const claims = openPhpTicket(JSON.parse((await ask(app, { path, cookie })).body), shared);
      expect(claims['i']).toEqual(Object.keys(identity).length === 0 ? undefined : identity);
    });

    it('writes user info without any names as {}', async () => {
      const path = withJson('/identity', { userInfo: [] });
      expect((await askAsGateway(app, { path, cookie })).body).toContain('"userInfo":{}');
    });

    it.each([null, { expiresAt: nowSeconds() }, { userId: '1', expiresAt: 0 }])(
      'takes %j for nobody',
      async (identity) => {
        const path = withJson('/identity', identity);
        expect((await ask(app, { path, cookie })).status).toBe(403);
        expect((await askAsGateway(app, { path, cookie })).status).toBe(403);
      },
    );

    it.each([
      ['false', false, /neither an array nor null/],
      ['true', true, /neither an array nor null/],
      ['a string', '42', /neither an array nor null/],
      ['an unknown field', { sessionId: 'mine' }, /unknown field: sessionId/],
      ['a list', ['42'], /unknown field: 0/],
      ['a number as user id', { userId: 42 }, /userId is not a string/],
      ['an empty user id', { userId: '' }, /userId is not a string of 1 to 128/],
      ['a user id that is too long', { userId: 'u'.repeat(129) }, /userId is not a string of 1 to 128/],
      ['a user id with a newline', { userId: '42\n' }, /without control characters/],
      ['a list as user info', { userInfo: ['Ada'] }, /not an array with names/],
      ['a string as user info', { userInfo: 'Ada' }, /not an array with names/],
      ['a time as a string', { expiresAt: '1790000000' }, /expiresAt is not an integer/],
      ['a time with a fraction', { expiresAt: 1790000000.5 }, /expiresAt is not an integer/],
      ['a time in milliseconds', { expiresAt: 1790000000000 }, /expiresAt is not an integer in epoch seconds/],
      ['one channel that is no list', { channels: 'private-a' }, /channels are not a list/],
      ['channels with names', { channels: { a: 'private-a' } }, /channels are not a list/],
      ['a channel that is a number', { channels: [1] }, /not like private-orders-42/],
      ['a public channel', { channels: ['news'] }, /not like private-orders-42/],
      ['everything', { channels: ['*'] }, /not like private-orders-42/],
      ['a cut prefix', { channels: ['priv*'] }, /not like private-orders-42/],
      ['a prefix alone', { channels: ['private-'] }, /not like private-orders-42/],
      ['a star in the middle', { channels: ['private-*-a'] }, /not like private-orders-42/],
      ['two stars', { channels: ['private-**'] }, /not like private-orders-42/],
      ['a space', { channels: ['private-a b'] }, /not like private-orders-42/],
      ['a newline', { channels: ['private-a\n'] }, /not like private-orders-42/],
      ['a channel that is too long', { channels: [`private-${'a'.repeat(157)}`] }, /not like private-orders-42/],
      ['presence without a user', { channels: ['presence-a'] }, /needs a userId/],
      ['too much user info', { userInfo: { pad: 'x'.repeat(2039) } }, /of at most 2048 bytes as JSON/],
      ['too many channels', { channels: Array(101).fill('private-a') }, /not a list of at most 100/],
      ['too much', identityOf(3073), /3073 bytes as JSON, and 3072 is the limit/],
    ])('refuses %s in a clear sentence', async (_, identity, sentence) => {
      await expectFault({ path: withJson('/identity', identity) }, sentence);
    });

    it('rejects invalid UTF-8 with a clear sentence', async () => {
      await expectFault({ path: '/not-utf8' }, /cannot be written as JSON: Malformed UTF-8/);
    });
  });

  describe('at the time of the call', () => {
    it('rejects a session that is already open', async () => {
      await expectFault({ path: '/after-session-start' }, /before session_start\(\).*or use SessionSocket\\respond/);
    });

    it('reports an unreadable session store, instead of a missing login', async () => {
      const answer = await ask(app, { path: '/no-store', cookie });
      expect(answer.status).toBe(500);
      const [one, two] = [await app.nextComplaint(), await app.nextComplaint()];
      expect([one, two].join('\n')).toContain('PHP could not read the session');
    });

    it('lets an exception of the app through, with nothing secret in its trace', async () => {
      const answer = await ask(app, { path: '/app-fails', cookie });
      expect(answer.status).toBe(500);
      expect(answer.body).not.toContain('t1.');
      let trace = '';
      while (!/thrown in/.test(trace)) trace += `${await app.nextComplaint()}\n`;
      expect(trace).toContain('The database is away.');
      for (const secret of [idIn(cookie).slice(0, 5), shared.secret.slice(0, 5)]) expect(trace).not.toContain(secret);
    });
  });

  describe('when a framework manages the session', () => {
    const encrypted = `eyJpdiI6${'aB3+/='.repeat(50)}`;
    const path = '/respond?user=7&sessionId=the-framework-knows&cookieName=laravel_session';

    it('seals the cookie as the browser sent it, and the framework’s session id', async () => {
      const answer = await ask(app, { path, cookie: `XSRF-TOKEN=x; laravel_session=${encrypted}; a=b` });
      expect(openPhpTicket(JSON.parse(answer.body), shared)).toMatchObject({
        c: `laravel_session=${encrypted}`,
        s: 'the-framework-knows',
        i: { userId: '7' },
      });
    });

    it('returns the same id to the gateway', async () => {
      const answer = await askAsGateway(app, { path, cookie: `laravel_session=${encrypted}` });
      expect(JSON.parse(answer.body)).toEqual({ sessionId: 'the-framework-knows', userId: '7' });
    });

    it('answers 403 when the framework has no user', async () => {
      expect((await ask(app, { path: path.replace('user=7&', '') })).status).toBe(403);
    });

    it.each([
      ['has no such cookie', 'other=x', /no usable cookie laravel_session/],
      ['has it empty', 'laravel_session=', /no usable cookie laravel_session/],
      ['has a space in it', 'laravel_session=a b', /no usable cookie laravel_session/],
      ['has a letter beyond ASCII in it', 'laravel_session=\u00e9', /no usable cookie laravel_session/],
      [
        'has one that is too long',
        `laravel_session=${'x'.repeat(2033)}`,
        /have 2049 bytes \(laravel_session 2049\) and a ticket holds 2048/,
      ],
    ])('logs that the request %s', async (_, cookie, sentence) => {
      const answer = await ask(app, { path, cookie });
      expect(answer.status).toBe(500);
      expect(await app.nextComplaint()).toMatch(sentence);
    });

    it('accepts a cookie of exactly 2 KB', async () => {
      expect((await ask(app, { path, cookie: `laravel_session=${'x'.repeat(2032)}` })).status).toBe(200);
    });

    it('closes an open session unchanged, with the same content and age, for a page and for the gateway', async () => {
      const file = join(app.sessions, `sess_${idIn(cookie)}`);
      const before = new Date(Math.floor(Date.now() / 1000) * 1000 - 600_000);
      await utimes(file, before, before);
      const content = await readFile(file, 'utf8');
      for (const asking of [ask, askAsGateway]) {
        expect((await asking(app, { path: '/respond-while-open', cookie })).status).toBe(200);
      }
      expect((await stat(file)).mtimeMs).toBe(before.getTime());
      expect(await readFile(file, 'utf8')).toBe(content);
    });

    it('leaves a session with a changed id open, because the browser continues with the new id', async () => {
      const own = await cookieFrom(app, '/login');
      const { headers } = await ask(app, { path: '/respond-while-open?regenerate=', cookie: own });
      const renewed = String(headers['set-cookie']).split(';')[0] ?? '';
      expect(renewed).not.toBe(own);
      expect(await readFile(join(app.sessions, `sess_${idIn(renewed)}`), 'utf8')).toContain('asked|i:1;');
    });

    it('logs that the session id is empty', async () => {
      const answer = await ask(app, { path: path.replace('the-framework-knows', ''), cookie: 'laravel_session=x' });
      expect(answer.status).toBe(500);
      expect(await app.nextComplaint()).toContain('the session id is not 1 to 512 plain characters');
    });
  });
});
