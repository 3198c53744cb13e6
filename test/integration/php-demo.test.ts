import { readdir, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PhpServer, startPhpServer } from '../../serve/php-server.ts';
import { phpKinds } from '../php/php-kinds.ts';
import { askAsGateway, Visitor } from '../php/visitor.ts';

const demo = { root: 'php', router: 'demo/index.php', port: 0 };
const forgedId = (n: number) => n.toString(16).padStart(32, '0');

describe.each(phpKinds)('the demo app on %s PHP', (prefer) => {
  let server: PhpServer;
  const complaints: string[] = [];
  const sessionFiles = () => readdir(server.sessions);

  beforeAll(async () => {
    const environment = { SESSION_SOCKET_URL: 'ws://127.0.0.1:4000/prod' };
    server = await startPhpServer({ ...demo, environment, prefer, log: (line) => complaints.push(line) });
  });
  afterAll(() => server.close());

  async function loggedIn(): Promise<{ visitor: Visitor; id: string }> {
    const visitor = new Visitor(server.url);
    await visitor.logIn();
    return { visitor, id: visitor.sessionId ?? '' };
  }

  describe('to a stranger', () => {
    it('shows the public page with the socket’s URL and a link to the login', async () => {
      const response = await new Visitor(server.url).get('/');
      expect(response.status).toBe(200);
      const html = await response.text();
      expect(html).toContain('data-testid="stranger"');
      expect(html).toContain('data-socket-url="ws://127.0.0.1:4000/prod"');
      expect(html).toContain('href="/login"');
      expect(html).not.toContain('data-testid="logout"');
    });

    it('answers the private page with a link to the login', async () => {
      const response = await new Visitor(server.url).get('/private');
      expect(response.status).toBe(403);
      expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
      expect(await response.text()).toContain('href="/login"');
    });

    it('answers /getSessionID with 403 in JSON', async () => {
      const response = await new Visitor(server.url).get('/getSessionID');
      expect(response.status).toBe(403);
      expect(response.headers.get('content-type')).toBe('application/json');
      expect(response.headers.get('cache-control')).toBe('no-store');
      expect(await response.json()).toEqual({ error: 'Nobody is logged in.' });
    });

    it('answers an unknown path with 404, and never shows its source', async () => {
      for (const path of [
        '/nothing',
        '/session.php',
        '/pages/layout.php',
        '/assets/../index.php',
        '/assets/',
        '//login',
      ]) {
        expect((await new Visitor(server.url).get(path)).status, path).toBe(404);
      }
    });

    it('escapes what it repeats', async () => {
      const html = await (await new Visitor(server.url).get('/%3Cscript%3E?<script>alert(1)</script>')).text();
      expect(html).not.toContain('<script>alert');
    });

    it('starts no session: no cookie, no file', async () => {
      const before = await sessionFiles();
      for (const path of ['/', '/private', '/getSessionID', '/nothing', '/login']) {
        expect((await new Visitor(server.url).get(path)).headers.getSetCookie(), path).toEqual([]);
      }
      expect(await sessionFiles()).toEqual(before);
    });

    it('makes no session file for any of 100 invented ids', async () => {
      const before = await sessionFiles();
      for (let n = 0; n < 100; n++) {
        const response = await askAsGateway(server.url, forgedId(n));
        expect(response.status).toBe(403);
        expect(response.headers.getSetCookie()).toEqual([]);
      }
      expect(await sessionFiles()).toEqual(before);
    });

    it.each([
      ['too short', 'PHPSESSID=abc'],
      ['too long for a file name', `PHPSESSID=${'a'.repeat(251)}`],
      ['a path', 'PHPSESSID=..%2F..%2F..%2F..%2F..%2Fetc%2Fpasswd'],
      ['an array', 'PHPSESSID[]=00000000000000000000000000000000'],
      ['empty', 'PHPSESSID='],
      ['followed by a newline', 'PHPSESSID=00000000000000000000000000000000%0A'],
    ])('treats a cookie that is %s as none', async (_, cookie) => {
      const before = await sessionFiles();
      for (const path of ['/', '/private', '/getSessionID']) {
        const response = await fetch(server.url + path, { headers: { Cookie: cookie } });
        expect(response.status, path).toBe(path === '/' ? 200 : 403);
        expect(response.headers.getSetCookie(), path).toEqual([]);
      }
      expect(await sessionFiles()).toEqual(before);
    });
  });

  describe('at the login', () => {
    it.each([
      ['wrong', 'gonzalo', 'Password'],
      ['empty', 'gonzalo', ''],
      ['of somebody else', 'fabien', 'password'],
    ])('asks again for the password when it is %s', async (_, user, password) => {
      const response = await new Visitor(server.url).logIn(user, password);
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toMatch(/^Basic realm=/);
      expect(response.headers.getSetCookie()).toEqual([]);
    });

    it('gives a session cookie that scripts and other sites cannot use, and leads to the private page', async () => {
      const response = await new Visitor(server.url).logIn();
      expect(response.status).toBe(303);
      expect(response.headers.get('location')).toBe('/private');
      const [cookie = '', ...more] = response.headers.getSetCookie();
      expect(more).toEqual([]);
      expect(cookie).toMatch(/^PHPSESSID=[A-Za-z0-9,-]{22,}; path=\/; HttpOnly; SameSite=Lax$/);
    });

    it('marks the cookie Secure behind a proxy that ends TLS', async () => {
      const headers = { Authorization: `Basic ${btoa('gonzalo:password')}`, 'X-Forwarded-Proto': 'https' };
      const response = await new Visitor(server.url).get('/login', headers);
      expect(response.headers.getSetCookie()[0]).toMatch(/; secure;/i);
    });

    it('always begins a new session, and ends the one before it', async () => {
      const { visitor, id } = await loggedIn();
      const before = await sessionFiles();
      await visitor.logIn();
      expect(visitor.sessionId).not.toBe(id);
      expect((await askAsGateway(server.url, id)).status).toBe(403);
      expect(await sessionFiles()).toHaveLength(before.length);
    });

    it('does not adopt a planted session id', async () => {
      const planted = forgedId(7);
      const headers = { Authorization: `Basic ${btoa('gonzalo:password')}`, Cookie: `PHPSESSID=${planted}` };
      const response = await new Visitor(server.url).get('/login', headers);
      expect(response.status).toBe(303);
      expect(response.headers.getSetCookie().join()).not.toContain(planted);
      expect((await askAsGateway(server.url, planted)).status).toBe(403);
    });
  });

  describe('to a logged-in visitor', () => {
    it('gives the same id to the page and to the gateway, never to a cache', async () => {
      const { visitor, id } = await loggedIn();
      const toPage = await visitor.get('/getSessionID');
      expect(toPage.status).toBe(200);
      expect(toPage.headers.get('content-type')).toBe('application/json');
      expect(toPage.headers.get('cache-control')).toBe('no-store');
      const token = String(await toPage.json());
      expect(token).toBe(id);

      const toGateway = await askAsGateway(server.url, token);
      expect(toGateway.status).toBe(200);
      expect(await toGateway.json()).toBe(token);
    });

    it('shows the private page without the session id in it', async () => {
      const { visitor, id } = await loggedIn();
      const response = await visitor.get('/private');
      expect(response.status).toBe(200);
      const html = await response.text();
      for (const hook of ['state', 'events', 'logout']) expect(html).toContain(`data-testid="${hook}"`);
      expect(html).toContain('Hello, gonzalo.');
      expect(html).not.toContain(id);
    });

    it('allows the page only its own scripts, and connections only to itself and the socket', async () => {
      const { visitor } = await loggedIn();
      const response = await visitor.get('/private');
      const policy = response.headers.get('content-security-policy');
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("script-src 'self';");
      expect(policy).toContain("connect-src 'self' ws://127.0.0.1:4000;");
      expect(response.headers.get('cache-control')).toBe('no-store');
      expect(response.headers.get('x-content-type-options')).toBe('nosniff');
      const html = await response.text();
      for (const [, asset = ''] of html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)) {
        const file = await visitor.get(asset);
        expect(file.status, asset).toBe(200);
        expect(file.headers.get('content-type'), asset).toMatch(
          /^(text\/(css|javascript); charset=utf-8|image\/svg\+xml)$/,
        );
      }
    });

    it('prolongs the session by visits, not by the gateway’s checks', async () => {
      const { visitor, id } = await loggedIn();
      const file = join(server.sessions, `sess_${id}`);
      // Well within session.gc_maxlifetime (24 minutes): any session_start may collect what is older.
      const tenMinutesAgo = new Date(Date.now() - 600_000);
      await utimes(file, tenMinutesAgo, tenMinutesAgo);
      await askAsGateway(server.url, id);
      expect((await stat(file)).mtimeMs).toBeCloseTo(tenMinutesAgo.getTime(), -4);
      await visitor.get('/private');
      expect((await stat(file)).mtimeMs).toBeGreaterThan(tenMinutesAgo.getTime() + 500_000);
    });

    it('ends the session at logout: cookie expired, file gone, old id refused', async () => {
      const { visitor, id } = await loggedIn();
      const response = await visitor.post('/logout');
      expect(response.status).toBe(303);
      expect(response.headers.get('location')).toBe('/');
      expect(visitor.sessionId).toBeUndefined();
      expect(await sessionFiles()).not.toContain(`sess_${id}`);
      expect((await askAsGateway(server.url, id)).status).toBe(403);
      expect((await visitor.get('/private')).status).toBe(403);
    });

    it('does not log out by a link', async () => {
      const { visitor } = await loggedIn();
      const response = await visitor.get('/logout');
      expect(response.status).toBe(405);
      expect(response.headers.get('allow')).toBe('POST');
      expect((await visitor.get('/private')).status).toBe(200);
    });
  });

  it('caused no PHP error', () => {
    expect(complaints).toEqual([]);
  });
});

it.each(['', 'http://127.0.0.1:4000', 'ws://x"><script>'])(
  'says which setting is missing when the socket is at "%s"',
  async (url) => {
    const server = await startPhpServer({ ...demo, environment: { SESSION_SOCKET_URL: url } });
    try {
      const response = await fetch(server.url);
      expect(response.status).toBe(503);
      expect(await response.text()).toContain('SESSION_SOCKET_URL');
    } finally {
      await server.close();
    }
  },
);
