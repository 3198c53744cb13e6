import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { deriveCredentials } from '../../functions/core/keys/credentials.ts';
import { signRequest } from '../../functions/core/keys/gateway-signature.ts';
import { signQuery } from '../fakes/signed-request.ts';
import type { TicketDemo } from '../gateway/ticket-demo.ts';
import { openPhpTicket } from '../php/node-ticket.ts';
import { ask, nowSeconds } from '../php/ticket-app.ts';
import { Visitor } from '../php/visitor.ts';
import { type Client, connect, handshakeStatus } from '../socket-client.ts';
import type { SessionStore } from './session-stores.ts';

/** An app of one framework with a user who can log in, as the suite sees it. */
export interface Framework {
  readonly start: () => Promise<RunningApp>;
  /** How the name of the cookie begins by which the app knows who is logged in. */
  readonly cookie: string;
  /** The names of those that the app wants beside it. */
  readonly furtherCookies?: readonly string[];
  /** What the identity calls the user. */
  readonly userId: string;
  readonly logIn: (visitor: Visitor) => Promise<unknown>;
  readonly logOut: (visitor: Visitor) => Promise<unknown>;
}

export interface RunningApp {
  readonly demo: TicketDemo;
  readonly store: SessionStore;
  readonly close: () => Promise<void>;
}

/** Of the gateway: it asks again every minute. */
export const context = { revalidate: '1' };

/**
 * The app of the documentation's lines, the bundles that would be deployed, and everything between a login and a
 * logout.
 *
 * @returns the app, for what only this framework has
 */
export function itIsLoggedInOverWebSocket(framework: Framework): () => RunningApp {
  const { start, cookie: cookieName, furtherCookies = [], userId, logIn, logOut } = framework;
  let app: RunningApp;
  let demo: TicketDemo;
  beforeAll(async () => {
    app = await start();
    demo = app.demo;
    await wakeHttpApi(demo);
  });
  afterEach(() => {
    expect(demo.complaints).toEqual([]);
  });
  afterAll(() => app?.close());

  const visit = async () => {
    const visitor = new Visitor(demo.pageUrl);
    await visitor.get('/');
    return visitor;
  };
  const visitAndLogIn = async () => {
    const visitor = await visit();
    await logIn(visitor);
    return visitor;
  };
  const opened = (ticket: string) => openPhpTicket(ticket, demo.credentials) as Record<'c' | 's', string>;
  /** The question that is asked at the handshake and again while the socket is open. */
  const asGateway = (cookieHeader: string, secret = demo.credentials.secret) => {
    const credentials = deriveCredentials({ ...demo.credentials, secret });
    const request = { method: 'GET' as const, pathAndQuery: '/getSessionID', time: nowSeconds(), cookieHeader };
    return {
      Accept: 'application/json',
      'X-Requested-With': 'XMLHttpRequest',
      'X-Session-Socket': signRequest(credentials, request),
      Cookie: cookieHeader,
    };
  };
  const askAsGateway = (cookieHeader: string) =>
    new Visitor(demo.pageUrl).get('/getSessionID', asGateway(cookieHeader));
  const urlWith = (ticket: string) => `${demo.webSocketUrl}?token=${encodeURIComponent(ticket)}`;
  const openTab = async (visitor: Visitor) => {
    const client = await connect(urlWith(await visitor.fetchToken()), { origin: demo.pageUrl });
    await client.find((frame) => frame.includes('pusher:connection_established'));
    return client;
  };
  /** Lets every connection become due. */
  const askAgainUntil = async (isDone: () => boolean) => {
    demo.cloud.clock.advance(95_000);
    await expect.poll(() => demo.invoke('Revalidate').then(isDone)).toBe(true);
  };
  const revoked = () => demo.records().reduce((sum, { Revoked = 0 }) => sum + Number(Revoked), 0);
  const timesChecked = () => demo.records().filter(({ Rechecked }) => Number(Rechecked) > 0).length;
  const isOpen = ({ socket }: Client) => socket.readyState === socket.OPEN;
  const cookieOf = (visitor: Visitor) => {
    const name = visitor.cookieName(cookieName);
    return { name, value: visitor.cookie(name) ?? '' };
  };
  /** As the gateway sends it, with this value of the first cookie. */
  const headerOf = (visitor: Visitor, value = cookieOf(visitor).value) =>
    [
      `${cookieOf(visitor).name}=${value}`,
      ...furtherCookies.map((name) => `${name}=${visitor.cookie(name) ?? ''}`),
    ].join('; ');

  it('gives a logged-in user a ticket with only the necessary cookies, and forbids caching it', async () => {
    const visitor = await visitAndLogIn();
    visitor.setCookie('theme', 'dark');
    const answer = await visitor.get('/getSessionID', { 'Sec-Fetch-Site': 'same-origin' });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toContain('no-store');
    expect(answer.headers.get('content-type')).toBe('application/json');
    const { c, ...claims } = opened((await answer.json()) as string);
    expect(c?.split('; ').sort()).toEqual(headerOf(visitor).split('; ').sort());
    expect(claims).toMatchObject({ i: { userId } });
  });

  it('opens a socket whose principal is the user', async () => {
    const client = await openTab(await visitAndLogIn());
    expect(await demo.rows('Connections')).toMatchObject([{ principalId: { S: `user:${userId}` } }]);
    await client.close();
    await expect.poll(() => demo.rows('Connections')).toEqual([]);
  });

  it('answers a visitor without a login with 403, and creates no session', async () => {
    const visitor = await visit();
    const before = await app.store.read();
    for (const asker of [visitor, new Visitor(demo.pageUrl)]) {
      const answer = await asker.get('/getSessionID');
      expect(answer.status).toBe(403);
      expect(answer.headers.get('cache-control')).toContain('no-store');
      expect(answer.headers.getSetCookie()).toEqual([]);
    }
    expect(await app.store.read()).toEqual(before);
  });

  it('answers a page of another site with 403, even for a logged-in user', async () => {
    const visitor = await visitAndLogIn();
    for (const header of [{ 'Sec-Fetch-Site': 'cross-site' }, { Origin: 'https://elsewhere.example' }]) {
      const answer = await visitor.get('/getSessionID', header as Record<string, string>);
      expect(answer.status).toBe(403);
      expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    }
    await expect
      .poll(() => demo.complaints.join('\n'))
      .toContain('answered 403 to a page of https://elsewhere.example');
    demo.forgive();
  });

  it('leaves the session’s content and age unchanged, however often it is checked', async () => {
    const visitor = await visitAndLogIn();
    const { c, s } = opened(await visitor.fetchToken());
    await app.store.age();
    const before = await app.store.read();
    for (let times = 0; times < 2; times += 1) {
      const answer = await askAsGateway(c);
      expect(answer.status).toBe(200);
      expect(answer.headers.getSetCookie()).toEqual([]);
      expect(await answer.json()).toMatchObject({ sessionId: s, userId });
      expect((await visitor.get('/getSessionID')).status).toBe(200);
    }
    expect(await app.store.read()).toEqual(before);
  });

  it('creates no session for an invented cookie, and adopts none', async () => {
    const visitor = await visitAndLogIn();
    const { value } = cookieOf(visitor);
    expect(value).not.toBe('');
    const before = await app.store.read();
    const flipped = `${value[0] === 'e' ? 'd' : 'e'}${value.slice(1)}`;
    for (const invented of ['0123456789abcdef0123456789abcdef', 'x', 'ada%7C9999999999%7Ctoken%7Chash', flipped]) {
      const header = headerOf(visitor, invented);
      expect((await askAsGateway(header)).status, header).toBe(403);
      expect((await new Visitor(demo.pageUrl).get('/getSessionID', { Cookie: header })).status, header).toBe(403);
    }
    expect(await app.store.read()).toEqual(before);
  });

  it('answers a gateway with another secret with 421, and logs that', async () => {
    const { c } = opened(await (await visitAndLogIn()).fetchToken());
    // Not by fetch(), which asks again after a 421: https://fetch.spec.whatwg.org/#http-network-or-cache-fetch
    const { status } = await ask({ url: demo.pageUrl }, { headers: asGateway(c, 'another') });
    expect(status).toBe(421);
    await expect.poll(() => demo.complaints.join('\n')).toContain('Its signature does not fit');
    demo.forgive();
  });

  it('accepts the session of the login, and none from before it', async () => {
    const visitor = await visit();
    const before = cookieOf(visitor);
    await logIn(visitor);
    const after = cookieOf(visitor);
    expect(after.value).not.toBe(before.value);
    if (before.value !== '') expect((await askAsGateway(headerOf(visitor, before.value))).status).toBe(403);
    expect((await askAsGateway(headerOf(visitor))).status).toBe(200);
  });

  it('closes the sockets of a session at its logout with 4009, and no other session’s', async () => {
    const [laptop, phone] = [await visitAndLogIn(), await visitAndLogIn()];
    const tabs = [await openTab(laptop), await openTab(laptop)];
    const other = await openTab(phone);
    const before = revoked();
    await logOut(laptop);
    for (const tab of tabs) {
      await tab.closed;
      expect(JSON.parse(tab.frames.at(-1) ?? '')).toMatchObject({ event: 'pusher:error', data: { code: 4009 } });
    }
    await expect.poll(() => demo.rows('Connections')).toHaveLength(1);
    expect(isOpen(other)).toBe(true);
    expect(other.frames.join()).not.toContain('pusher:error');
    // A check would have closed them too, a minute later.
    await expect.poll(revoked).toBe(before + tabs.length);
    await other.close();
  });

  it('accepts no earlier cookie and no ticket after the logout', async () => {
    const visitor = await visitAndLogIn();
    const ticket = await visitor.fetchToken();
    const copied = visitor.copy();
    await logOut(visitor);
    expect((await visitor.get('/getSessionID')).status).toBe(403);
    expect((await copied.get('/getSessionID')).status).toBe(403);
    expect((await askAsGateway(opened(ticket).c)).status).toBe(403);
    expect(await handshakeStatus(urlWith(ticket), { origin: demo.pageUrl })).toBe(403);
    await logIn(visitor);
    const again = await openTab(visitor);
    expect(isOpen(again)).toBe(true);
    await again.close();
  });

  it('logs neither session nor cookie nor secret', async () => {
    const visitor = await visitAndLogIn();
    const ticket = await visitor.fetchToken();
    const visitorBefore = visitor.copy();
    const client = await connect(urlWith(ticket), { origin: demo.pageUrl });
    await logOut(visitor);
    await client.closed;
    const written = JSON.stringify([demo.log, demo.complaints]);
    const { c, s } = opened(ticket);
    const { value } = cookieOf(visitorBefore);
    expect(c).toContain(value);
    for (const secret of [s, value, demo.credentials.secret]) expect(written).not.toContain(secret);
  });

  // The last, because it moves the gateway's clock and not PHP's, which may be five minutes apart.
  it('keeps a socket open while its session exists, without prolonging it, and closes it when the session is gone', async () => {
    const tab = await openTab(await visitAndLogIn());
    await app.store.age();
    const before = await app.store.read();
    const checkedBefore = timesChecked();
    await askAgainUntil(() => timesChecked() > checkedBefore);
    expect(isOpen(tab)).toBe(true);
    expect(await app.store.read()).toEqual(before);
    await app.store.clear();
    await askAgainUntil(() => !isOpen(tab));
    expect(JSON.parse(tab.frames.at(-1) ?? '')).toMatchObject({ event: 'pusher:error', data: { code: 4009 } });
  });

  return () => app;
}

/** Its Lambda has to start once, which on a busy machine may take longer than the three seconds that a logout waits. */
async function wakeHttpApi({ apiUrl, credentials }: TicketDemo): Promise<void> {
  const path = `/apps/${credentials.appId}/users/nobody/terminate_connections`;
  const query = signQuery({ method: 'POST', path, body: Buffer.from('{}') }, credentials);
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${apiUrl}${path}?${query}`, { method: 'POST', headers, body: '{}' });
  expect(answer.status).toBe(200);
}
