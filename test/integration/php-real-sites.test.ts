import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { deriveCredentials } from '../../functions/core/keys/credentials.ts';
import { isSignedNo, signRequest } from '../../functions/core/keys/gateway-signature.ts';
import { openPhpTicket } from '../php/node-ticket.ts';
import { phpVersions } from '../php/php-kinds.ts';
import {
  type Answer,
  ask,
  cookieFrom,
  idIn,
  nowSeconds,
  shared,
  startTicketApp,
  type TicketApp,
} from '../php/ticket-app.ts';

/*
 * Sites as strangers have described them: each of these made every handshake fail although the page got its ticket, or gave a page
 * nothing although its user was logged in.
 */

const credentials = deriveCredentials(shared);
const browser = 'Mozilla/5.0 (X11; Linux x86_64)';
const base64url = (text: string) => Buffer.from(text, 'latin1').toString('base64url');

describe.each(phpVersions)('session-socket.php on a real site, $name:', (version) => {
  let app: TicketApp;
  let cookie: string;

  beforeAll(async () => {
    app = await startTicketApp(version, {}, {}, 'test/fixtures/real-sites/index.php');
    cookie = await cookieFrom(app, '/login');
  });
  afterEach(() => expect(app.complaints).toEqual([]));
  afterAll(() => app.close());

  const askPage = (path: string, more: Parameters<typeof ask>[1] = {}) => ask(app, { path, cookie, ...more });

  interface Seen {
    readonly address?: string | undefined;
    readonly agent?: string | undefined;
  }

  /** As the gateway asks, with what the ticket says of the browser. */
  function askFor(path: string, { address, agent }: Seen = {}, cookieHeader = cookie, headers = {}): Promise<Answer> {
    const request = { method: 'GET', pathAndQuery: path, time: nowSeconds(), cookieHeader, address, agent } as const;
    return ask(app, {
      path,
      cookie: cookieHeader,
      headers: {
        ...headers,
        'X-Session-Socket': signRequest(credentials, request),
        ...(address !== undefined && { 'X-Session-Socket-Address': address }),
        ...(agent !== undefined && { 'X-Session-Socket-Agent': agent }),
      },
    });
  }

  /** What the gateway gets, byte for byte, and the page's ticket. */
  async function expectAnswers(path: string, identity: object, ...sentences: readonly RegExp[]): Promise<void> {
    for (const answer of [await askFor(path), await askPage(path)]) {
      expect(answer.status).toBe(200);
      expect(answer.headers['content-type']).toBe('application/json');
      expect(answer.headers).not.toHaveProperty('content-encoding');
      expect(answer.headers['content-length']).toBe(String(Buffer.byteLength(answer.body)));
      const value = JSON.parse(answer.body);
      if (typeof value !== 'string') expect(value).toEqual({ sessionId: idIn(cookie), ...identity });
      for (const sentence of sentences) expect(await app.nextComplaint()).toMatch(sentence);
    }
  }

  describe('output beside the answer', () => {
    it('is dropped when it is a byte order mark, and the log names the file', async () => {
      await expectAnswers(
        '/byte-order-mark',
        { userId: '42' },
        /dropped 3 bytes.*byte order mark at the beginning of .*with-bom\.php/,
      );
    });

    it('is dropped when it is a notice, and the log has its place', async () => {
      const where = /real-sites\/index\.php (on )?line \d+/;
      await expectAnswers('/notice', { userId: '42' }, where, /dropped \d+ bytes.*index\.php line \d+/);
    });

    it('is dropped when the app outputs it in its own function for the user', async () => {
      await expectAnswers('/notice-meanwhile', { userId: '42' }, /nothing/, /dropped \d+ bytes.*index\.php line \d+/);
    });

    it('is dropped from all buffers, and the log does not quote it', async () => {
      await expectAnswers('/nested-buffers', { userId: '42' }, /dropped 6 bytes that were output beside the answer\.$/);
    });

    it('is dropped when it comes later, from a shutdown function that ends every buffer', async () => {
      await expectAnswers('/shutdown', { userId: '42' });
    });

    it('is dropped when it comes later, from the file itself', async () => {
      await expectAnswers('/more', { userId: '42' });
    });

    // With session.use_trans_sid PHP wrote `?PHPSESSID=…` into what looked like a link in the user's info, which all
    // members of a presence channel see.
    it('is not the id of the session in what looks like a link', async () => {
      const userInfo = { html: '<a href=/team/7>x</a><a href="?a">y</a>' };
      await expectAnswers('/legacy-sessions', { userId: '42', userInfo });
      const { body } = await askFor('/legacy-sessions');
      expect(body.split(idIn(cookie))).toHaveLength(2);
    });

    it('is not what another part of the app adds to links', async () => {
      await expectAnswers('/rewritten', { userInfo: { html: '<a href=/team/7>x</a>' } });
    });

    it('is not compressed', async () => {
      await expectAnswers('/compressed', { userId: '42' });
    });

    it('never makes an id in the URL a session', async () => {
      const { status } = await ask(app, { path: `/legacy-sessions?PHPSESSID=${idIn(cookie)}` });
      expect(status).toBe(403);
    });
  });

  describe('its 403', () => {
    it('to the gateway is signed for this very request', async () => {
      const headers = {
        'X-Session-Socket': signRequest(credentials, {
          method: 'GET',
          pathAndQuery: '/getSessionID',
          time: nowSeconds(),
          cookieHeader: '',
        }),
      };
      const answer = await ask(app, { cookie: '', headers });
      const mark = String(answer.headers['x-session-socket-answer']);
      expect(answer.status).toBe(403);
      expect(isSignedNo(credentials, headers['X-Session-Socket'], mark)).toBe(true);
    });

    it('to a page has no signature, and neither has a 200', async () => {
      expect((await ask(app)).headers).not.toHaveProperty('x-session-socket-answer');
      expect((await askFor('/getSessionID')).headers).not.toHaveProperty('x-session-socket-answer');
    });
  });

  describe('a session that is bound to a browser', () => {
    const cases = [
      ['of the usual kind', browser],
      ['of 563 characters', `Mozilla/5.0 (${'x'.repeat(550)})`],
      ['with a letter beyond ASCII', 'Café/1.0'],
      ['without a user agent', ''],
    ] as const;

    it.each(cases)('is found for the gateway: %s', async (_, agent) => {
      const headers = agent === '' ? {} : { 'User-Agent': agent };
      const login = await ask(app, { path: '/login', headers });
      const bound = String(login.headers['set-cookie']).split(';')[0] ?? '';
      const page = await ask(app, { path: '/bound', cookie: bound, headers });
      expect(page.status).toBe(200);
      const { a, u } = openPhpTicket(JSON.parse(page.body), shared);
      expect(a).toBe('127.0.0.1');
      // The server of the WebAssembly PHP makes UTF-8 of what is beyond ASCII.
      expect([undefined, base64url(agent), base64url(Buffer.from(agent).toString('latin1'))]).toContain(u);
      expect(u === undefined).toBe(agent === '');
      expect((await askFor('/bound', { address: String(a), agent: u as string | undefined }, bound)).status).toBe(200);
      expect((await askFor('/bound', { address: '203.0.113.7', agent: base64url(agent) }, bound)).status).toBe(403);
    });

    it('is not found with an address that the gateway has not signed', async () => {
      const forged = { 'X-Session-Socket-Address': '127.0.0.1', 'X-Session-Socket-Agent': base64url(browser) };
      expect((await askFor('/bound', {}, cookie, forged)).status).toBe(421);
      expect(await app.nextComplaint()).toContain('a header X-Session-Socket-*');
      const page = await ask(app, { path: '/bound', cookie, headers: { ...forged, 'User-Agent': 'Other' } });
      expect(page.status).toBe(403);
    });

    it('is found with the address that the app reads from a header of its proxy', async () => {
      const headers = { 'X-Forwarded-For': '198.51.100.9, 10.0.0.1' };
      const page = await askPage('/bound-behind-proxy', { headers });
      const { a } = openPhpTicket(JSON.parse(page.body), shared);
      expect(a).toBe('198.51.100.9');
      const asGateway = { 'X-Forwarded-For': '192.0.2.1, 10.0.0.1' };
      expect((await askFor('/bound-behind-proxy', { address: '198.51.100.9' }, cookie, asGateway)).status).toBe(200);
      expect((await askFor('/bound-behind-proxy', {}, cookie, asGateway)).status).toBe(403);
    });

    it('leaves $_SERVER unchanged', async () => {
      expect((await askFor('/undone', { address: '127.0.0.1' })).status).toBe(200);
      expect(await app.nextComplaint()).toContain('undone');
    });

    it('is found in a framework that restores the browser first', async () => {
      const login = await ask(app, { path: '/login', headers: { 'User-Agent': browser } });
      const bound = String(login.headers['set-cookie']).split(';')[0] ?? '';
      const seen = { address: '127.0.0.1', agent: base64url(browser) };
      expect((await askFor('/bound-framework', seen, bound)).status).toBe(200);
      const answer = await askFor('/bound-framework?forgotten=1', seen, bound);
      expect(answer.status).toBe(403);
      expect(await app.nextComplaint()).toContain('call SessionSocket\\restore_browser() first');
      const forged = { 'X-Session-Socket-Address': '127.0.0.1', 'X-Session-Socket': 'kid=demo-key,t=1,s=' };
      expect((await ask(app, { path: '/bound-framework', cookie: bound, headers: forged })).status).toBe(421);
      expect(await app.nextComplaint()).toContain('malformed');
    });
  });

  describe('further cookies', () => {
    const sealedWith = async (cookieHeader: string, options: object) => {
      const path = `/options?json=${encodeURIComponent(JSON.stringify(options))}`;
      return ask(app, { path, cookie: cookieHeader });
    };
    const cookiesIn = ({ body }: Answer) => openPhpTicket(JSON.parse(body), shared)['c'];

    it('are sealed by their names, byte for byte and in the order of the browser', async () => {
      const header = `theme=dark; AWSALB=a/b+c==; ${cookie}; AWSALBCORS=d; wikiUserID=42; wikiToken=never`;
      const answer = await sealedWith(header, { cookies: ['AWSALB*', 'wikiUserID'] });
      expect(cookiesIn(answer)).toBe(`AWSALB=a/b+c==; ${cookie}; AWSALBCORS=d; wikiUserID=42`);
      expect(cookiesIn(await sealedWith(header, {}))).toBe(cookie);
      expect(cookiesIn(await sealedWith(cookie, { cookies: ['AWSALB*'] }))).toBe(cookie);
    });

    it('reach the app when the gateway asks', async () => {
      const both = `${cookie}; wikiUserID=42`;
      expect(cookiesIn(await askPage('/two-cookies', { cookie: `${both}; other=1` }))).toBe(both);
      expect((await askFor('/two-cookies', {}, both)).status).toBe(200);
      expect((await askFor('/two-cookies')).status).toBe(403);
    });

    it('that are too long make no ticket, and the log has their names and sizes but not their values', async () => {
      const header = `${cookie}; AWSALB=${'s'.repeat(1500)}; AWSALBCORS=${'t'.repeat(1500)}`;
      expect((await sealedWith(header, { cookies: ['AWSALB*'] })).status).toBe(500);
      const complaint = await app.nextComplaint();
      expect(complaint).toMatch(
        /have 3\d+ bytes \(PHPSESSID \d+, AWSALB 1507, AWSALBCORS 1511\) and a ticket holds 2048/,
      );
      expect(complaint).not.toContain(idIn(cookie));
      expect(complaint).not.toContain('sss');
    });

    // Each part had a limit, and together they could be more than the gateway reads: the page got a ticket, and the
    // handshake 403.
    it('that fit, but not into a ticket, make none', async () => {
      const header = `${cookie}; AWSALB=${'"'.repeat(1000)}; AWSALBCORS=${'\\'.repeat(900)}`;
      const headers = { 'user-agent': 'u'.repeat(1024) };
      expect((await ask(app, { path: '/large', cookie: header, headers })).status).toBe(500);
      expect(await app.nextComplaint()).toContain('The ticket would have');
    });

    it('that no header can contain make no ticket', async () => {
      expect((await sealedWith(`${cookie}; UserID=\u00e9`, { cookies: ['UserID'] })).status).toBe(500);
      expect(await app.nextComplaint()).toContain('The cookie UserID has characters');
    });

    it.each([
      [{ cookies: ['*'] }, /option cookies is not the name of a cookie/],
      [{ cookies: ['a*b'] }, /option cookies is not the name of a cookie/],
      [{ cookies: ['a;b'] }, /option cookies is not the name of a cookie/],
      [{ cookies: [''] }, /option cookies is not the name of a cookie/],
      [{ cookies: [7] }, /option cookies is not the name of a cookie/],
      [{ cookies: 'UserID' }, /option cookies is not an array/],
      [{ cookie: ['UserID'] }, /no option cookie: there are cookies, origins, address/],
      [{ origins: ['*'] }, /option origins is not an origin/],
      [{ origins: ['null'] }, /option origins is not an origin/],
      [{ origins: ['file://'] }, /option origins is not an origin/],
      [{ origins: ['https://app.example.com/'] }, /option origins is not an origin/],
      [{ origins: ['https://*.example.com'] }, /option origins is not an origin/],
      [{ origins: ['https://App.example.com'] }, /option origins is not an origin/],
      [{ origins: [null] }, /option origins is not an origin/],
      [{ address: 'app.example.com' }, /option address is not an IP address/],
      [{ address: ['203.0.113.7'] }, /option address is not an IP address/],
    ])('and other options are validated at once: %j', async (options, sentence) => {
      expect((await sealedWith(cookie, options)).status).toBe(500);
      expect(await app.nextComplaint()).toMatch(sentence);
    });
  });

  describe('a page of another origin', () => {
    const listed = ['https://app.example.com', 'capacitor://localhost', 'http://localhost:8100'];
    const path = `/options?json=${encodeURIComponent(JSON.stringify({ origins: listed }))}`;
    const corsOf = ({ headers }: Answer) =>
      Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('access-control')));

    it.each(listed)('gets a ticket if the app lists it: %s', async (origin) => {
      const allowed = { 'access-control-allow-origin': origin, 'access-control-allow-credentials': 'true' };
      for (const site of ['same-site', 'cross-site']) {
        const answer = await askPage(path, {
          headers: { Origin: origin, 'Sec-Fetch-Site': site, 'Sec-Fetch-Mode': 'cors' },
        });
        expect(answer.status).toBe(200);
        expect(corsOf(answer)).toEqual(allowed);
        expect(answer.headers.vary).toContain('Origin');
      }
      const nobody = await ask(app, { path, headers: { Origin: origin } });
      expect([nobody.status, corsOf(nobody)]).toEqual([403, allowed]);
    });

    it('may send a preflight', async () => {
      const headers = { Origin: 'https://app.example.com', 'Access-Control-Request-Method': 'GET' };
      const answer = await ask(app, { method: 'OPTIONS', path, headers });
      expect([answer.status, answer.body]).toEqual([204, '']);
      expect(corsOf(answer)).toEqual({
        'access-control-allow-origin': 'https://app.example.com',
        'access-control-allow-credentials': 'true',
        'access-control-allow-methods': 'GET',
        'access-control-allow-headers': 'Accept, Content-Type, X-Requested-With',
        'access-control-max-age': '600',
      });
    });

    it.each([
      'https://evil.example',
      'https://app.example.com:8443',
      'https://APP.example.com',
      'http://app.example.com',
      'null',
      'file://',
    ])('gets nothing if the app does not list it: %s', async (origin) => {
      const headers = { Origin: origin, 'Sec-Fetch-Site': 'same-site', 'Sec-Fetch-Mode': 'cors' };
      const answer = await askPage(path, { headers });
      expect([answer.status, corsOf(answer)]).toEqual([403, {}]);
      expect(await app.nextComplaint()).toContain(`answered 403 to a page of ${origin}. If that is yours`);
      const before = await ask(app, { method: 'OPTIONS', path, headers });
      expect([before.status, corsOf(before)]).toEqual([403, {}]);
      expect(await app.nextComplaint()).toContain(`answered 403 to a page of ${origin}. If that is yours`);
    });

    it('cannot inject anything with its Origin', async () => {
      const headers = { Origin: `https://${'x'.repeat(400)}\u00e9`, 'Sec-Fetch-Site': 'cross-site' };
      expect((await askPage(path, { headers })).status).toBe(403);
      expect(await app.nextComplaint()).toMatch(/a page of https:\/\/x{192}\. If/);
    });
  });
});
