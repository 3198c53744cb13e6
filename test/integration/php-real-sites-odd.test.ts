import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openPhpTicket } from '../php/node-ticket.ts';
import { anyPhp, type PhpVersion, phpVersions, withNativePhp } from '../php/php-kinds.ts';
import {
  type Answer,
  ask,
  askAsGateway,
  cookieFrom,
  type GatewayQuestion,
  idIn,
  shared,
  signatureFor,
  startTicketApp,
  type TicketApp,
} from '../php/ticket-app.ts';

/* Neighbours of the cases in php-real-sites.test.ts. */

const start = (version: PhpVersion, ini: Readonly<Record<string, string>> = {}) =>
  startTicketApp(version, {}, ini, 'test/fixtures/real-sites/index.php');
const withOptions = (path: string, options: unknown) => `${path}?json=${encodeURIComponent(JSON.stringify(options))}`;

describe.each(phpVersions)('session-socket.php on an odd site, $name:', (version) => {
  let app: TicketApp;
  let cookie: string;
  beforeAll(async () => {
    app = await start(version);
    cookie = await cookieFrom(app, '/login');
  });
  afterEach(() => expect(app.complaints).toEqual([]));
  afterAll(() => app.close());

  /** Of the answer to a page that sends these cookies. */
  const replayed = ({ body }: Answer) => String(openPhpTicket(JSON.parse(body), shared)['c']);

  describe('further cookies', () => {
    const sealed = async (cookieHeader: string, cookies: readonly string[]) =>
      replayed(await ask(app, { path: withOptions('/options', { cookies }), cookie: cookieHeader }));

    it('may be the parts of a value that is too long for one cookie', async () => {
      const header = `appsession.0=${'a'.repeat(900)}; appsession.1=${'b'.repeat(900)}; ${cookie}`;
      expect(await sealed(header, ['appsession.*'])).toBe(header);
    });

    it('do not change the session’s own when their name is a prefix of its name', async () => {
      const header = `${cookie}; PHPSESSID=second; PHPSESSID2=third`;
      expect(await sealed(header, ['PHPSESSID*'])).toBe(`${cookie}; PHPSESSID2=third`);
    });

    it('cannot write into the log with their names', async () => {
      const path = withOptions('/options', { cookies: ['x*'] });
      expect((await ask(app, { path, cookie: `${cookie}; x\u00e9=y` })).status).toBe(500);
      expect(await app.nextComplaint()).toMatch(/The cookie x\?+ has characters that no header should have/);
    });

    // With that cookie among them a logout closes the sockets, but the page's next question logs the user in again.
    it('include no remember-me cookie unless it is listed, so a logout ends the session that the gateway checks', async () => {
      const own = await cookieFrom(app, '/login');
      const page = await ask(app, { path: '/remembered', cookie: `${own}; remember=me` });
      expect((await askAsGateway(app, { path: '/remembered', cookie: replayed(page) })).status).toBe(200);
      await ask(app, { path: '/logout', cookie: own });
      const answer = await askAsGateway(app, { path: '/remembered', cookie: replayed(page) });
      expect(answer.status).toBe(403);
      expect(answer.headers['x-session-socket-answer']).toMatch(/^no,s=[0-9a-f]{64}$/);
    });
  });

  describe('a page of another origin', () => {
    it('is listed as the documentation shows it, with its cookies and its address', async () => {
      const headers = { Origin: 'capacitor://localhost', 'Sec-Fetch-Site': 'cross-site', 'X-Real-IP': '203.0.113.7' };
      const sent = `AWSALB=1; theme=dark; ${cookie}; UserID=42`;
      const answer = await ask(app, { path: '/documented', cookie: sent, headers });
      expect(answer.headers['access-control-allow-origin']).toBe('capacitor://localhost');
      expect(openPhpTicket(JSON.parse(answer.body), shared)).toMatchObject({
        c: `AWSALB=1; ${cookie}; UserID=42`,
        a: '203.0.113.7',
      });
    });

    it.each([
      'https://app.example.com:443',
      'http://app.example.com:80',
      'https://app.example.com\n',
      'data:text/html,x',
    ])('is not listed as %j, which no browser sends', async (origin) => {
      expect((await ask(app, { path: withOptions('/options', { origins: [origin] }), cookie })).status).toBe(500);
      expect(await app.nextComplaint()).toContain('not an origin as browsers send it, such as https://app.example.com');
    });

    it.each(['203.0.113.7:80', '203.0.113.7, 10.0.0.1', 'unknown'])('has no address like %j', async (address) => {
      expect((await ask(app, { path: withOptions('/options', { address }), cookie })).status).toBe(500);
      expect(await app.nextComplaint()).toContain('not an IP address: one alone, without a port');
    });
  });

  describe('a session that is bound to a browser', () => {
    const loopback = '127.0.0.1';

    it('is found when the session handler compares the browser', async () => {
      expect((await ask(app, { path: '/bound-store', cookie })).status).toBe(200);
      expect((await askAsGateway(app, { path: '/bound-store', cookie, address: loopback })).status).toBe(200);
      expect((await askAsGateway(app, { path: '/bound-store', cookie })).status).toBe(403);
    });

    it('behind a proxy is not found when the app does not set the address, and the log says how to', async () => {
      const path = '/bound-behind-proxy-unsaid';
      expect((await ask(app, { path, cookie, headers: { 'X-Forwarded-For': '198.51.100.9' } })).status).toBe(200);
      const headers = { 'X-Forwarded-For': '192.0.2.1' };
      expect((await askAsGateway(app, { path, cookie, headers, address: '10.0.0.7' })).status).toBe(403);
      const complaint = await app.nextComplaint();
      expect(complaint).toContain('pass it in the option address');
      expect(complaint).not.toMatch(/\d+\.\d+\.\d+\.\d+/);
    });

    it('has a user agent of at most 1024 bytes', async () => {
      const agentOf = async (agent: string) => {
        const { body } = await ask(app, { cookie, headers: { 'User-Agent': agent } });
        return openPhpTicket(JSON.parse(body), shared)['u'];
      };
      expect(await agentOf('x'.repeat(1024))).toBe(Buffer.from('x'.repeat(1024)).toString('base64url'));
      expect(await agentOf('x'.repeat(1025))).toBeUndefined();
    });

    it('is not found with headers that were removed, changed or added on the way', async () => {
      const address = '203.0.113.7';
      const agent = { 'X-Session-Socket-Agent': 'eA' };
      const sent: (GatewayQuestion & Required<Pick<GatewayQuestion, 'headers'>>)[] = [
        { headers: {}, address },
        { headers: { 'X-Session-Socket-Address': '203.0.113.8' }, address },
        { headers: { 'X-Session-Socket-Address': address, ...agent }, address },
        { headers: { 'X-Session-Socket-Address': address }, address, secret: 'a guess' },
      ];
      for (const path of ['/server', '/bound-framework']) {
        for (const question of sent) {
          const signed = { 'X-Session-Socket': signatureFor({ path, cookie, ...question }) };
          expect((await ask(app, { path, cookie, headers: { ...signed, ...question.headers } })).status).toBe(421);
          expect(await app.nextComplaint()).toContain('or a header X-Session-Socket-*');
          if (path === '/server') expect(await app.nextComplaint()).toContain('undone');
        }
      }
    });

    const seenBy = ({ body }: Answer) =>
      Object.fromEntries(Object.entries<string>(JSON.parse(body).userInfo).map(([name, value]) => [name, atob(value)]));

    it.each([
      [{ address: '203.0.113.7' }, { REMOTE_ADDR: '203.0.113.7', HTTP_USER_AGENT: 'gateway' }],
      [{ agent: 'Caf\u00e9/1' }, { REMOTE_ADDR: '10.0.0.1', HTTP_USER_AGENT: 'Caf\u00e9/1' }],
      [{}, { REMOTE_ADDR: '10.0.0.1', HTTP_USER_AGENT: 'gateway' }],
    ])('shows the app %j over the gateway’s own', async (browser, seen) => {
      const headers = { 'User-Agent': 'gateway' };
      expect(seenBy(await askAsGateway(app, { path: '/server', cookie, headers, ...browser }))).toEqual(seen);
      expect(await app.nextComplaint()).toContain('undone');
    });

    it('leaves $_SERVER restored when the app throws, and is quoted in a proxy header that requires it', async () => {
      const question = { cookie, address: '2001:db8::1', headers: { Forwarded: 'for=192.0.2.1' } };
      expect(seenBy(await askAsGateway(app, { path: '/server', ...question }))).toMatchObject({
        REMOTE_ADDR: '2001:db8::1',
        HTTP_FORWARDED: 'for="[2001:db8::1]"',
      });
      expect(await app.nextComplaint()).toContain('undone');
      expect((await askAsGateway(app, { path: '/server?throws', ...question })).status).toBe(500);
      expect(await app.nextComplaint()).toContain('undone');
    });
  });

  describe('output beside the answer', () => {
    const gatewayGets = async (path: string) => (await askAsGateway(app, { path, cookie })).body;
    const whole = () => `{"sessionId":"${idIn(cookie)}","userId":"42"}`;

    it('is dropped when it is white space around the tags of PHP, and the log says so', async () => {
      expect(await gatewayGets('/white-space')).toBe(whole());
      expect(await app.nextComplaint()).toMatch(/dropped 2 bytes .* white space: look before <\?php and after \?>/);
    });

    it('is dropped when it comes from a shutdown function that has ended all buffers before', async () => {
      expect(await gatewayGets('/flushed')).toBe(whole());
    });

    it('does not truncate the answer when an unremovable buffer makes it longer', async () => {
      const { headers, body } = await askAsGateway(app, { path: '/kept-buffer', cookie });
      expect(headers).not.toHaveProperty('content-length');
      expect(JSON.parse(body)).toEqual(JSON.parse(whole()));
    });
  });
});

// Two plug-ins with a copy each: PHP ended the second with "Cannot redeclare", on every page of the site.
describe.each(phpVersions)('two copies of session-socket.php in one process of $name', (version) => {
  let app: TicketApp;
  let cookie: string;
  beforeAll(async () => {
    app = await start(version);
    cookie = await cookieFrom(app, '/login');
  });
  afterEach(() => expect(app.complaints).toEqual([]));
  afterAll(() => app.close());

  it('answer once, and the log says nothing', async () => {
    expect((await askAsGateway(app, { path: '/copies', cookie })).status).toBe(200);
    expect((await ask(app, { path: '/copies', cookie })).status).toBe(200);
  });

  it('of different versions answer by the first, and the log names both', async () => {
    expect((await askAsGateway(app, { path: '/copies?changed', cookie })).status).toBe(200);
    for (const _ of ['second', 'third']) {
      const line = /copy-\d+\.php is another version than .*\/php\/session-socket\.php, which is used\.$/;
      expect(await app.nextComplaint()).toMatch(line);
    }
  });
});

/** As old php.ini files have it. PHP 8.4 and later complain about the first two when they start. */
const legacy = {
  'session.use_only_cookies': '0',
  'session.use_trans_sid': '1',
  'session.trans_sid_tags': 'a=href,area=href,frame=src,form=',
  'url_rewriter.tags': 'a=href,area=href,frame=src,form=,fieldset=',
  output_buffering: '4096',
};

describe.each(phpVersions)('session ids in links, under an old php.ini of $name,', (version) => {
  let app: TicketApp;
  let cookie: string;
  beforeAll(async () => {
    app = await start(version, legacy);
    cookie = await cookieFrom(app, '/login');
  });
  afterAll(() => app.close());

  // PHP wrote the session id of a member into the link in their name, which is shown to all the others.
  it.each(['/members', '/members/framework'])('are not written into the answer of %s', async (path) => {
    const name = '<a href=/team/7>';
    const { body } = await askAsGateway(app, { path, cookie });
    expect(JSON.parse(body)).toEqual({ sessionId: idIn(cookie), userInfo: { name } });
    const ticket = await ask(app, { path, cookie });
    expect(openPhpTicket(JSON.parse(ticket.body), shared)['i']).toEqual({ userInfo: { name } });
  });

  it('are never read from the query', async () => {
    const path = `/getSessionID?PHPSESSID=${idIn(cookie)}`;
    for (const { status, headers } of [
      await ask(app, { path }),
      await askAsGateway(app, { path }),
      await ask(app, { path, cookie: 'PHPSESSID=x' }),
    ]) {
      expect(status).toBe(403);
      expect(headers).not.toHaveProperty('set-cookie');
    }
  });
});

describe('the answer where PHP compresses by itself', withNativePhp, () => {
  it('is unchanged, with its length', async () => {
    const app = await start(anyPhp, { 'zlib.output_compression': '1' });
    const cookie = await cookieFrom(app, '/login');
    for (const path of ['/getSessionID', '/more']) {
      const { headers, body } = await askAsGateway(app, { path, cookie, headers: { 'Accept-Encoding': 'gzip' } });
      expect(headers).not.toHaveProperty('content-encoding');
      expect(body).toBe(`{"sessionId":"${idIn(cookie)}","userId":"42"}`);
    }
    await app.close();
  });
});
