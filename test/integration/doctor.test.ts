import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PhpServer, startPhpServer } from '../../serve/php-server.ts';
import { diagnose, faultsIn, find } from '../doctor/diagnose.ts';
import { withNativePhp } from '../php/php-kinds.ts';
import { shared } from '../php/ticket-app.ts';
import { Visitor } from '../php/visitor.ts';

const environment = {
  SESSION_SOCKET_APP_ID: shared.appId,
  SESSION_SOCKET_KEY: shared.key,
  SESSION_SOCKET_SECRET: shared.secret,
};
const keys = { key: shared.key, secret: shared.secret };

describe('session-socket doctor', () => {
  let server: PhpServer;

  beforeAll(async () => {
    server = await startPhpServer({ root: '.', router: 'test/fixtures/doctor/index.php', port: 0, environment });
  });
  afterAll(() => server.close());

  async function logIn(): Promise<string> {
    const visitor = new Visitor(server.url);
    await visitor.get('/login');
    return `PHPSESSID=${visitor.sessionId}`;
  }

  const examineAs = async (path: string, known: Parameters<typeof diagnose>[1] = {}) =>
    diagnose(server.url + path, { cookie: await logIn(), keys, ...known });

  it('finds no problem in a healthy app', async () => {
    const results = await examineAs('/getSessionID?with=query');
    expect(faultsIn(results)).toEqual({});
    const unchecked = results.filter(({ outcome }) => outcome === 'not checked').map(({ name }) => name);
    // php -S keeps no connection, the server around the WebAssembly PHP does.
    expect(unchecked.filter((name) => name !== 'keep-alive')).toEqual([
      'cookie',
      'lock',
      'php.ini',
      'expiry',
      'rotation',
    ]);
  });

  it('checks as much as possible without a cookie and a key', async () => {
    const results = await diagnose(`${server.url}/getSessionID`);
    expect(faultsIn(results)).toEqual({});
    for (const name of ['cross-site', 'signature', 'mode', 'session', 'untouched', 'lock'])
      expect(find(results, name).outcome, name).toBe('not checked');
  });

  const plainIds = {
    'cross-site': 'warning: another site gets a token, although browsers do not let it read the answer',
    signature: 'warning: a wrong signature is ignored',
    mode: 'warning: plain session ids',
  };
  const costly = {
    strangers: 'warning: every request without a session starts one, and PHP writes a file for it',
  };

  it.each([
    [
      'the expected warnings about the route of docs/modes.md',
      '/readme',
      {
        ...plainIds,
        strangers: 'warning: every invented id starts a session, and PHP writes a file for it',
      },
    ],
    [
      'strict mode off',
      '/adopts',
      {
        ...plainIds,
        ...costly,
        'invented id': 'problem: an invented id becomes a session: PHP adopts it',
      },
    ],
    [
      'strict mode off, where only cookies start a session',
      '/adopts-quietly',
      {
        ...plainIds,
        'invented id': 'problem: an invented id becomes a session: PHP adopts it',
      },
    ],
    [
      'no question who is logged in',
      '/echoes',
      {
        ...plainIds,
        'invented id': 'problem: an invented id is accepted as a session: anybody who invents one gets in',
      },
    ],
    [
      'a cacheable answer',
      '/cached',
      {
        cache:
          "problem: Cache-Control is public, max-age=60, with an ETag: a cache may give one user's answer to others",
      },
    ],
    ['an answer from a cache', '/from-cache', { cache: 'problem: a cache answered instead of PHP' }],
    ['CORS for everybody', '/open-to-all', { cors: 'problem: any site may read it with the cookies of its visitors' }],
    ['a redirect to the login', '/redirects', { redirect: 'warning: 302 to /login without a login' }],
    [
      'a login page in the place of a 403',
      '/login-page',
      {
        stranger: 'problem: 200 with an HTML page, such as a login form',
        type: 'problem: an answer of 200 has the type text/html; charset=UTF-8',
      },
    ],
    ['null for nobody', '/null', { stranger: 'warning: 200 without a session, although it names nobody' }],
    [
      'an unprotected cookie',
      '/insecure-cookie',
      {
        ...plainIds,
        ...costly,
        cookie: 'problem: without HttpOnly; without SameSite; for all of example.com',
      },
    ],
    [
      'a clock that is off',
      '/clock-off',
      {
        clock: expect.stringMatching(
          /^problem: the app's is (3999|400\d) s behind this machine's, but only 300 s are allowed$/,
        ),
        signature: "problem: the secret is right, but the app's clock is wrong: 421",
      },
    ],
    [
      'signatures that never grow old',
      '/any-age',
      { signature: 'problem: a signature that is an hour old is accepted' },
    ],
    [
      'an id that each question changes',
      '/rotates',
      {
        'cross-site': plainIds['cross-site'],
        signature: plainIds.signature,
        strangers: 'warning: every invented id starts a session, and PHP writes a file for it',
        untouched: 'problem: the request changes the session id',
      },
    ],
    [
      'a question that logs out',
      '/logs-out',
      expect.objectContaining({
        untouched: 'problem: the request logs the user out',
      }),
    ],
    ['a page that is too long', '/large', { size: 'problem: more than 64 KB' }],
  ])('reports %s, and nothing else', async (_, path, faults) => {
    const results = await examineAs(path);
    expect(faultsIn(results)).toEqual(faults);
    for (const { outcome, fix = [] } of results) expect(fix.length > 0).toBe(['problem', 'warning'].includes(outcome));
  });

  it('reports an answer that takes longer than the gateway waits', async () => {
    expect(faultsIn(await examineAs('/slow-answer', { sessionTimeoutMs: 250 }))).toEqual({
      time: expect.stringMatching(/^problem: \d+ ms, but the gateway times out after 250 ms$/),
    });
  });

  it('reports another secret and another key', async () => {
    const fault = { signature: 'problem: PHP rejects the right signature with 421' };
    expect(faultsIn(await examineAs('/getSessionID', { keys: { ...keys, secret: 'another' } }))).toEqual(fault);
    expect(faultsIn(await examineAs('/getSessionID', { keys: { ...keys, key: 'another' } }))).toEqual(fault);
  });

  it('reports a cookie without a session', async () => {
    const results = await examineAs('/getSessionID', { cookie: 'PHPSESSID=00000000000000000000000000000000' });
    expect(faultsIn(results)).toEqual({ session: 'problem: 403: nobody is logged in with this cookie' });
  });

  it('reports a wrong path', async () => {
    const results = await diagnose(`${server.url}/nothing`);
    expect(faultsIn(results)).toEqual({ stranger: 'problem: 404 without a session' });
  });

  it('reports a redirect, and does not follow it', async () => {
    const results = await diagnose(`${server.url}/moved`);
    expect(faultsIn(results)).toEqual({ redirect: 'problem: 301, moved to /getSessionID' });
  });

  describe('asks with the cookies that the gateway would send', () => {
    const inAll = { ...keys, appId: shared.appId };
    const both = async () => `${await logIn()}; UserID=42`;
    const named = 'the gateway would send one of the two cookies (PHPSESSID), and with those nobody is logged in';

    // It used to ask with both, and found nothing wrong, while every handshake was refused.
    it.each([
      ['without a key', '/two-cookies', { keys: undefined }, `warning: ${named}, unless PHP seals more`],
      ['with a key', '/two-cookies', {}, `warning: ${named}, unless PHP seals more`],
      ['with the ticket opened', '/two-cookies', { keys: inAll }, `problem: ${named}`],
      ['in mode session-id', '/two-cookies-plain', { keys: undefined, mode: 'session-id' }, `problem: ${named}`],
      ['in mode status', '/two-cookies-protected', { keys: undefined, mode: 'status' }, `problem: ${named}`],
      ['in mode cookie', '/two-cookies-plain', { keys: undefined, mode: 'cookie' }, `problem: ${named}`],
    ] as const)('and says so where the app needs another one too, %s', async (_, path, known, fault) => {
      const results = await examineAs(path, { cookie: await both(), ...known });
      expect(faultsIn(results)['session']).toBe(fault);
      expect(JSON.stringify(results)).not.toContain('UserID=42');
    });

    it('finds no problem when PHP seals both cookies, or the stack passes on both', async () => {
      const sealed = await examineAs('/two-cookies-sealed', { cookie: await both(), keys: inAll });
      expect(faultsIn(sealed)).toEqual({});
      expect(find(sealed, 'cookies').says).toBe('PHPSESSID, UserID');
      const passed = await examineAs('/two-cookies-plain', {
        ...{ cookie: await both(), keys: undefined, mode: 'cookie', cookies: ['PHPSESSID', 'User*'] },
      });
      expect(find(passed, 'session').outcome).toBe('ok');
      expect(find(passed, 'cookies').says).toBe('PHPSESSID, UserID');
    });

    it('reports which cookie is sent when that one is enough', async () => {
      const results = await examineAs('/getSessionID', { cookie: `theme=dark; ${await logIn()}`, keys: inAll });
      expect(faultsIn(results)).toEqual({});
      expect(find(results, 'session').says).toContain('the gateway would send one of the two cookies (PHPSESSID)');
    });

    it('warns of a remember-me cookie, which would log in again after a logout', async () => {
      const cookie = `${await logIn()}; remember_web_59ba36=secret-of-the-user`;
      const results = await examineAs('/seals-remember-me', { cookie, keys: inAll });
      expect(faultsIn(results)).toEqual({
        cookies: 'warning: remember_web_59ba36 would log the user in again after a logout',
      });
      expect(faultsIn(await examineAs('/getSessionID', { cookie, keys: inAll }))).toEqual({});
    });
  });

  describe('in mode status', () => {
    const warned = { strangers: 'warning: every invented id starts a session, and PHP writes a file for it' };

    // A page that only a logged-in user gets is all that this mode needs: its type and its body were two false
    // problems.
    it.each(['/private', '/private-or-login'])('finds no problem with %s', async (path) => {
      const results = await examineAs(path, { keys: undefined, mode: 'status' });
      expect(faultsIn(results)).toEqual(warned);
      expect(find(results, 'mode').says).toBe('a page that only a logged-in user gets');
    });

    it('is guessed by default, with a warning and no problem', async () => {
      expect(faultsIn(await examineAs('/private', { keys: undefined }))).toEqual({
        ...warned,
        mode: 'warning: a page for logged-in users, not a token: this fits only the mode `status`',
      });
    });

    it('reports a page that everybody gets, and a cookie without a session', async () => {
      expect(faultsIn(await examineAs('/open-page', { keys: undefined, mode: 'status' }))).toMatchObject({
        stranger: 'problem: 200 without a session: in mode `status` everybody gets in',
      });
      const cookie = 'PHPSESSID=00000000000000000000000000000000';
      expect(faultsIn(await examineAs('/private', { keys: undefined, mode: 'status', cookie }))).toEqual({
        ...warned,
        session: 'problem: 403: nobody is logged in with this cookie',
      });
    });
  });

  describe('when the route itself does not answer', () => {
    it('recognizes PHP source, and prints none of it', async () => {
      const results = await examineAs('/source');
      expect(faultsIn(results)).toEqual({
        'in front': 'problem: the web server sends the PHP source instead of running it',
      });
      expect(JSON.stringify(results)).not.toMatch(/<\?php|previous_secret|SESSION_SOCKET_KEY/);
      expect(find(results, 'in front').fix?.join(' ')).toContain('try_files $uri $uri.php');
    });

    // The home page with 200 used to be five problems, none of which named it.
    it.each([undefined, 'PHPSESSID=00000000000000000000000000000000'])(
      'says that another page answers, with the cookie %s',
      async (cookie) => {
        const results = await examineAs('/open-page', { keys: undefined, cookie });
        expect(faultsIn(results)).toEqual({
          'in front': 'problem: another page of your app answers: the route does not reach the file',
        });
      },
    );

    it('distinguishes an outdated file, whose 403 is not signed, from a firewall’s page', async () => {
      expect(faultsIn(await examineAs('/outdated'))).toEqual({
        no: 'problem: session-socket.php is outdated: its 403 is not signed',
      });
    });

    it('reports that a password is required, and uses it', async () => {
      expect(faultsIn(await examineAs('/staging'))).toEqual({
        'in front': 'problem: something in front of PHP answered: it answered 401 with WWW-Authenticate',
      });
      const wrong = await examineAs('/staging', { authorization: 'Basic d3Jvbmc6d3Jvbmc=' });
      expect(find(wrong, 'in front').fix?.join()).toContain('rejects SESSION_SOCKET_AUTHORIZATION');
      const authorization = 'Basic c3RhZ2luZzpvcGVuIHNlc2FtZQ==';
      expect(faultsIn(await examineAs('/staging', { authorization }))).toEqual({});
    });
  });

  describe('while a page of the same user runs', withNativePhp, () => {
    const whileSlow = (path: string) => examineAs('/getSessionID', { slowUrl: new URL(path, server.url) });

    it('reports the session lock, and where to fix it', async () => {
      const results = await whileSlow('/report');
      expect(faultsIn(results)).toEqual({
        lock: expect.stringMatching(
          /^problem: the request waited \d+ ms for the slow page, which holds the session lock$/,
        ),
      });
      expect(find(results, 'lock').fix?.join(' ')).toMatch(/^In the slow page, call session_write_close\(\)/);
    });

    it('finds no problem when the page has released its lock', async () => {
      const results = await whileSlow('/gentle-report');
      expect(faultsIn(results)).toEqual({});
      expect(find(results, 'lock').outcome).toBe('ok');
    });

    it('says that the page is not slow', async () => {
      expect(find(await whileSlow('/nothing'), 'lock').says).toMatch(/^the slow page took only \d+ ms/);
    });
  });
});
