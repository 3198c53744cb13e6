import { readdir, readFile, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openPhpTicket, sealNodeTicket } from '../php/node-ticket.ts';
import { phpVersions } from '../php/php-kinds.ts';
import {
  ask,
  askAsGateway,
  callInside,
  cookieFrom,
  idIn,
  nowSeconds,
  shared,
  signatureFor,
  startTicketApp,
  type TicketApp,
} from '../php/ticket-app.ts';
import vectors from '../recorded/vectors.json' with { type: 'json' };

const inventedId = (n: number) => n.toString(16).padStart(32, '0');

describe.each(phpVersions)('session-socket.php on $name', (version) => {
  let app: TicketApp;
  const sessionFiles = () => readdir(app.sessions);
  const fileOf = (cookie: string) => join(app.sessions, `sess_${idIn(cookie)}`);

  beforeAll(async () => {
    app = await startTicketApp(version);
  });
  afterEach(() => {
    expect(app.complaints).toEqual([]);
  });
  afterAll(async () => {
    await app.close();
    expect(app.complaints).toEqual([]);
  });

  describe('byte for byte', () => {
    const { appId, key, secret } = vectors.credentials;

    it('derives the keys of the recorded example', async () => {
      const purposes = Object.keys(vectors.derivedKeysHex);
      expect(await callInside(app, 'derive', { secret, purposes })).toEqual(vectors.derivedKeysHex);
    });

    it('seals its ticket', async () => {
      const { c, s, i, iat, jti } = JSON.parse(vectors.ticket.plaintext);
      const sealed = await callInside(app, 'seal', {
        credentials: { app_id: appId, key, secret },
        ...{ cookie: c, sessionId: s, identity: i, now: iat, jti, iv: vectors.ticket.iv },
      });
      expect(sealed).toEqual({ claims: vectors.ticket.plaintext, ticket: vectors.ticket.ticket });
    });

    it('signs its request', async () => {
      const { pathAndQuery, t, cookieHeader, header } = vectors.requestSignature;
      const server = { REQUEST_URI: pathAndQuery, HTTP_COOKIE: cookieHeader };
      const signature = await callInside(app, 'sign', { secret, server, time: String(t) });
      expect(`kid=${key},t=${t},s=${signature}`).toBe(header);
    });

    it('signs its request with the address and the user agent of the ticket', async () => {
      const { pathAndQuery, t, cookieHeader } = vectors.requestSignature;
      const { headers, header } = vectors.requestSignatureWithAddressAndAgent;
      const server = {
        REQUEST_URI: pathAndQuery,
        HTTP_COOKIE: cookieHeader,
        HTTP_X_SESSION_SOCKET_ADDRESS: headers['X-Session-Socket-Address'],
        HTTP_X_SESSION_SOCKET_AGENT: headers['X-Session-Socket-Agent'],
      };
      const signature = await callInside(app, 'sign', { secret, server, time: String(t) });
      expect(`kid=${key},t=${t},s=${signature}`).toBe(header);
    });

    it('reads its signed 403', async () => {
      const { pathAndQuery, cookieHeader, header } = vectors.requestSignature;
      const server = { REQUEST_URI: pathAndQuery, HTTP_COOKIE: cookieHeader, HTTP_X_SESSION_SOCKET: header };
      const credentials = { app_id: appId, key, secret };
      for (const each of [credentials, { ...credentials, secret: 'newer', previous_secret: secret }]) {
        const headers = await callInside(app, 'sign-no', { credentials: each, server });
        expect(headers).toEqual({ 'X-Session-Socket-Answer': vectors.answerNo.header.split(': ')[1] });
      }
    });

    it('opens a ticket that Node has sealed', async () => {
      const plaintext = JSON.stringify({ c: 'PHPSESSID=ä€🙂', s: 'x' });
      const ticket = sealNodeTicket(plaintext, shared, Buffer.alloc(12, 7));
      const credentials = { app_id: shared.appId, ...shared };
      expect(await callInside(app, 'open', { credentials, ticket })).toBe(plaintext);
    });
  });

  describe('to a page of the same site', () => {
    it('gives a logged-in user a ticket that Node opens: cookie, session, identity, half a minute, a single-use number', async () => {
      const cookie = await cookieFrom(app, '/login');
      const before = nowSeconds();
      const { status, headers, body } = await ask(app, { cookie, headers: { 'Sec-Fetch-Site': 'same-origin' } });
      expect(status).toBe(200);
      expect(headers).toMatchObject({
        'content-type': 'application/json',
        'cache-control': 'no-store',
        vary: 'Cookie, Origin, Sec-Fetch-Site, X-Session-Socket',
      });
      expect(headers).not.toHaveProperty('set-cookie');
      const claims = openPhpTicket(JSON.parse(body), shared);
      const iat = Number(claims['iat']);
      expect(claims).toEqual({
        c: cookie,
        s: idIn(cookie),
        i: { userId: '42' },
        a: '127.0.0.1',
        iat: expect.any(Number),
        exp: iat + 30,
        jti: expect.stringMatching(/^[0-9a-f]{32}$/),
      });
      expect(iat).toBeGreaterThanOrEqual(before);
      expect(iat).toBeLessThanOrEqual(nowSeconds());
    });

    it('never gives the same ticket twice, and no other app or key opens it', async () => {
      const cookie = await cookieFrom(app, '/login');
      const [one, two] = [JSON.parse((await ask(app, { cookie })).body), JSON.parse((await ask(app, { cookie })).body)];
      expect(openPhpTicket(one, shared)['jti']).not.toBe(openPhpTicket(two, shared)['jti']);
      expect(one.slice(12, 28)).not.toBe(two.slice(12, 28));
      expect(() => openPhpTicket(one, { ...shared, appId: 'other-app' })).toThrow();
      expect(() => openPhpTicket(one, { ...shared, secret: 'another' })).toThrow();
      expect(one).not.toContain(idIn(cookie));
    });

    it('seals the session cookie alone, exactly as the browser sent it', async () => {
      const cookie = await cookieFrom(app, '/login');
      const asSent = cookie.replace(/.$/, (last) => `%${last.charCodeAt(0).toString(16)}`);
      const { body } = await ask(app, { cookie: `a=b; ${asSent}; PHPSESSID=second; c=d` });
      expect(openPhpTicket(JSON.parse(body), shared)).toMatchObject({ c: asSent, s: idIn(cookie) });
    });

    it.each([
      ['no cookie', () => ''],
      ['a visitor’s session', () => cookieFrom(app, '/visit')],
      ['an invented id', () => `PHPSESSID=${inventedId(1)}`],
      ['an empty id', () => 'PHPSESSID='],
      ['a cookie without a value', () => 'PHPSESSID'],
      ['an array', () => 'PHPSESSID[]=00000000000000000000000000000000'],
      ['a short id', () => 'PHPSESSID=abc'],
      ['a path', () => 'PHPSESSID=..%2F..%2F..%2F..%2F..%2F..%2Fetc%2Fpasswd'],
      ['a newline after the id', () => `PHPSESSID=${inventedId(1)}%0A`],
      ['a NUL after the id', () => `PHPSESSID=${inventedId(1)}%00`],
      ['an id that is too long for a file', () => `PHPSESSID=${'a'.repeat(251)}`],
      ['a name in other letters', async () => (await cookieFrom(app, '/login')).toLowerCase()],
    ])('answers %s with 403, sets no cookie and starts no session', async (_, cookieOf) => {
      const cookie = await cookieOf();
      const files = await sessionFiles();
      for (const answer of [await ask(app, { cookie }), await askAsGateway(app, { cookie })]) {
        expect(answer.status).toBe(403);
        expect(answer.body).toBe('{"error":"Nobody is logged in."}');
        expect(answer.headers['cache-control']).toBe('no-store');
        expect(answer.headers).not.toHaveProperty('set-cookie');
      }
      expect(await sessionFiles()).toEqual(files);
    });
  });

  describe('to a page that may not ask', () => {
    it.each(['cross-site', 'same-site', 'Same-Origin', 'nonsense'])(
      'says 403 when Sec-Fetch-Site is %s',
      async (site) => {
        const cookie = await cookieFrom(app, '/login');
        const answer = await ask(app, { cookie, headers: { 'Sec-Fetch-Site': site } });
        expect(answer.status).toBe(403);
        expect(answer.body).toBe('{"error":"Only pages of this site may ask."}');
        expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
      },
    );

    it.each([
      ['https://app.example.com', 'app.example.com', 200],
      ['http://app.example.com', 'app.example.com', 200],
      ['https://app.example.com:8443', 'app.example.com:8443', 200],
      ['https://app.example.com', 'App.Example.com:443', 200],
      ['http://app.example.com', 'app.example.com:80', 200],
      ['http://[::1]:8080', '[::1]:8080', 200],
      ['http://app.example.com', 'app.example.com:443', 403],
      ['https://app.example.com', 'app.example.com:8443', 403],
      ['https://app.example.com.evil.example', 'app.example.com', 403],
      ['https://evilapp.example.com', 'app.example.com', 403],
      ['https://sub.app.example.com', 'app.example.com', 403],
      ['https://app.example.com/', 'app.example.com', 403],
      ['https://app.example.com https://evil.example', 'app.example.com', 403],
      ['ftp://app.example.com', 'app.example.com', 403],
      ['app.example.com', 'app.example.com', 403],
      ['null', 'app.example.com', 403],
      ['null', 'null', 403],
    ])('compares Origin %s with Host %s: %i', async (origin, host, status) => {
      const cookie = await cookieFrom(app, '/login');
      expect((await ask(app, { cookie, headers: { Origin: origin, Host: host } })).status).toBe(status);
      if (status === 403)
        expect(await app.nextComplaint()).toContain(`answered 403 to a page of ${origin.replace(' ', '?')}.`);
    });

    it.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'HEAD'])(
      'answers %s with 405 and opens no session',
      async (method) => {
        const answer = await ask(app, { method, cookie: await cookieFrom(app, '/login') });
        expect(answer.status).toBe(405);
        expect(answer.headers.allow).toBe('GET');
      },
    );

    it('removes the headers with which the app allows other sites elsewhere', async () => {
      const { status, headers } = await ask(app, { path: '/open-to-all', cookie: await cookieFrom(app, '/login') });
      expect(status).toBe(200);
      expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    });
  });

  describe('to the gateway', () => {
    it('returns the session and its user', async () => {
      const cookie = await cookieFrom(app, '/login');
      const { status, headers, body } = await askAsGateway(app, { cookie });
      expect(status).toBe(200);
      expect(headers['content-type']).toBe('application/json');
      expect(headers['cache-control']).toBe('no-store');
      expect(headers).not.toHaveProperty('set-cookie');
      expect(JSON.parse(body)).toEqual({ sessionId: idIn(cookie), userId: '42' });
    });

    it('verifies the path together with its query', async () => {
      const cookie = await cookieFrom(app, '/login');
      const path = '/getSessionID?from=gateway&x=%20+';
      expect((await askAsGateway(app, { cookie, path })).status).toBe(200);
    });

    it.each([
      ['just not too old', -299, 200],
      ['just not too new', 299, 200],
      ['too old', -302, 421],
      ['too new', 302, 421],
    ])('answers a signature that is %s (%i s) with %i', async (_, seconds, status) => {
      const cookie = await cookieFrom(app, '/login');
      const answer = await askAsGateway(app, { cookie, time: nowSeconds() + seconds });
      expect(answer.status).toBe(status);
      if (status === 200) return;
      expect(answer.body).not.toContain(idIn(cookie));
      expect(await app.nextComplaint()).toMatch(
        /session-socket: answered 421 .* signature fits, but the clocks are -?30[123] sec/,
      );
    });

    it.each([
      ['another secret', { secret: 'a guess' }, {}, /`secret` differs.*path that PHP sees is \/getSessionID\)/],
      ['another path', {}, { path: '/getSessionID?x' }, /something in front of PHP changes the path/],
      [
        'another cookie',
        {},
        { cookie: `PHPSESSID=${inventedId(2)}` },
        /the Cookie header or a header X-Session-Socket/,
      ],
      ['no cookie', {}, { cookie: '' }, /the Cookie header or a header X-Session-Socket/],
    ])('answers a signature that was made with %s with 421, and logs one line on how to fix it', async (...row) => {
      const [, signed, sent, line] = row;
      const cookie = await cookieFrom(app, '/login');
      const signature = signatureFor({ cookie, ...signed });
      const answer = await ask(app, { cookie, ...sent, headers: { 'X-Session-Socket': signature } });
      expect(answer.status).toBe(421);
      const complaint = await app.nextComplaint();
      expect(complaint).toMatch(line);
      for (const secret of [idIn(cookie), shared.secret, signature.slice(-64)]) {
        expect(complaint + answer.body).not.toContain(secret);
      }
    });

    it.each([
      ['empty', '', 'malformed'],
      ['nonsense', 'open sesame', 'malformed'],
      ['of another key', `kid=other-key,t=1,s=${'0'.repeat(64)}`, 'another key'],
      ['in capitals', `kid=demo-key,t=${nowSeconds()},s=${'A'.repeat(64)}`, 'malformed'],
      ['too short', `kid=demo-key,t=${nowSeconds()},s=${'a'.repeat(63)}`, 'malformed'],
      ['without a time', `kid=demo-key,t=,s=${'a'.repeat(64)}`, 'malformed'],
      ['guessed', `kid=demo-key,t=${nowSeconds()},s=${'0'.repeat(64)}`, 'does not fit'],
    ])('answers a header that is %s with 421, even for a logged-in user', async (_, header, why) => {
      const cookie = await cookieFrom(app, '/login');
      const answer = await ask(app, { cookie, headers: { 'X-Session-Socket': header } });
      expect(answer.status).toBe(421);
      expect(answer.body).toBe('{"error":"The gateway\'s signature is not accepted; PHP\'s error log says why."}');
      expect(await app.nextComplaint()).toContain(why);
    });

    it('does not let the logged path begin another line, and does not log the query', async () => {
      const path = `/getSessionID?ticket=hush`;
      await ask(app, { path, headers: { 'X-Session-Socket': `kid=demo-key,t=1,s=${'0'.repeat(64)}` } });
      expect(await app.nextComplaint()).toContain('sees is /getSessionID)');
    });
  });

  describe('and the session store', () => {
    // Well within session.gc_maxlifetime (24 minutes): the pages may collect what is older.
    const tenMinutesAgo = new Date((nowSeconds() - 600) * 1000);

    it('is unchanged after a request of a page or the gateway: same content, same age', async () => {
      const cookie = await cookieFrom(app, '/login');
      await utimes(fileOf(cookie), tenMinutesAgo, tenMinutesAgo);
      const content = await readFile(fileOf(cookie), 'utf8');
      const files = await sessionFiles();
      for (let n = 0; n < 5; n++) {
        expect((await askAsGateway(app, { cookie })).status).toBe(200);
        expect((await ask(app, { cookie })).status).toBe(200);
      }
      expect((await stat(fileOf(cookie))).mtimeMs).toBe(tenMinutesAgo.getTime());
      expect(await readFile(fileOf(cookie), 'utf8')).toBe(content);
      expect(await sessionFiles()).toEqual(files);
    });

    it('is not even opened for a wrong signature', async () => {
      const cookie = await cookieFrom(app, '/login');
      const answer = await askAsGateway(app, { cookie, secret: 'a guess', path: '/app-fails' });
      expect(answer.status).toBe(421);
      expect(await app.nextComplaint()).toContain('does not fit');
    });

    it('is unchanged if it is not PHP’s files, and an invented id is not adopted', async () => {
      const cookie = await cookieFrom(app, '/own-store/visit');
      const file = join(app.sessions, `own_${idIn(cookie)}`);
      await utimes(file, tenMinutesAgo, tenMinutesAgo);
      const files = await sessionFiles();
      expect((await ask(app, { path: '/own-store', cookie })).status).toBe(200);
      expect((await askAsGateway(app, { path: '/own-store', cookie })).status).toBe(200);
      for (const invented of [`PHPSESSID=${inventedId(3)}`, 'PHPSESSID=x']) {
        const answer = await askAsGateway(app, { path: '/own-store', cookie: invented });
        expect(answer.status).toBe(403);
        expect(answer.headers).not.toHaveProperty('set-cookie');
      }
      expect((await stat(file)).mtimeMs).toBe(tenMinutesAgo.getTime());
      expect(await sessionFiles()).toEqual(files);
    });

    it('gets no file for any of 50 invented ids', async () => {
      const files = await sessionFiles();
      for (let n = 0; n < 50; n++) {
        const cookie = `PHPSESSID=${inventedId(n)}`;
        expect((await askAsGateway(app, { cookie })).status).toBe(403);
        expect((await ask(app, { cookie })).status).toBe(403);
      }
      expect(await sessionFiles()).toEqual(files);
    });
  });
});
