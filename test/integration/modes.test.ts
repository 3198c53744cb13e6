import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type SealingApp, startSealingApp } from '../fakes/sealing-app.ts';
import { type Gateway, startGateway } from '../gateway/gateway.ts';
import { type Client, connect, type HandshakeOptions, handshakeStatus } from '../socket-client.ts';

let app: SealingApp;
let gateway: Gateway;

async function deploy(context: Readonly<Record<string, string>>): Promise<void> {
  app = await startSealingApp();
  gateway = await startGateway({ sessionEndpoint: `${app.url}/getSessionID`, allowedOrigins: app.url, ...context });
  app.credentials = gateway.credentials;
}

async function remove(): Promise<void> {
  await gateway?.close();
  await app?.close();
}

afterEach(() => {
  app.isLoggedIn = true;
});

const withTicket = (ticket: string) => `${gateway.webSocketUrl}?token=${encodeURIComponent(ticket)}`;
const handshake = (url: string, options: HandshakeOptions = {}) =>
  handshakeStatus(url, { origin: app.url, ...options });

/** Opens a socket, waits until its welcome is marked, and returns its row, which is the only one. */
async function open(url: string, options: HandshakeOptions = {}): Promise<{ client: Client; row: unknown }> {
  await expect.poll(() => gateway.rows('Connections')).toEqual([]);
  const client = await connect(url, { origin: app.url, ...options });
  expect(JSON.parse(await client.next()).event).toBe('pusher:connection_established');
  await expect.poll(() => gateway.rows('Connections')).toMatchObject([{ welcomedAt: expect.anything() }]);
  const [row] = await gateway.rows('Connections');
  return { client, row };
}

/**
 * Runs what the documentation shows, as a page of the app whose user has these cookies. It does not come back after a
 * close.
 */
async function runPage(...snippets: string[]): Promise<WebSocket> {
  const folder = join(import.meta.dirname, '..', '..', 'docs', 'snippets');
  const code = (await Promise.all(snippets.map((name) => readFile(join(folder, name), 'utf8')))).join('\n');
  const headers = { cookie: app.cookieHeader };
  const fetchOfPage = (path: string) => fetch(new URL(path, app.url), { headers });
  return new Promise((resolve) => {
    class PageSocket extends WebSocket {
      constructor(url: string, protocols: string[] = []) {
        super(url, protocols, { origin: app.url, headers });
        resolve(this);
      }
    }
    const page = new Function('fetch', 'WebSocket', 'webSocketUrl', 'console', 'setTimeout', 'setInterval', code);
    const never = () => 0;
    page(fetchOfPage, PageSocket, gateway.webSocketUrl, { log: () => {} }, never, never);
  });
}

async function frameOf(socket: WebSocket): Promise<unknown> {
  return new Promise((resolve, reject) => {
    socket.once('message', (data) => resolve(JSON.parse(data.toString())));
    socket.once('error', reject);
  });
}

/** All that was told and all that is stored. */
async function everythingKept(): Promise<string> {
  const tables = [await gateway.rows('Connections'), await gateway.rows('Claims')];
  return JSON.stringify([gateway.log, tables]);
}

describe('tickets in the URL', () => {
  beforeAll(() => deploy({ mode: 'ticket' }));
  afterAll(remove);

  it('open one socket each, with the identity in its row', async () => {
    const ticket = app.seal();
    const { client, row } = await open(withTicket(ticket));
    expect(row).toMatchObject({
      principalId: { S: 'user:42' },
      sessionHash: { S: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
    expect(app.askedWith.at(-1)).toBe(`PHPSESSID=${app.sessionId}`);

    const [rows, deliveries] = [await gateway.rows('Connections'), gateway.invocations('Deliver')];
    expect(await handshake(withTicket(ticket))).toBe(403);
    expect(await gateway.rows('Connections')).toEqual(rows);
    expect(gateway.invocations('Deliver')).toBe(deliveries);
    expect(await gateway.logged(({ reason }) => reason === 'used-ticket')).toMatchObject({ HandshakeRefused: 1 });
    await client.close();
    expect(await handshake(withTicket(ticket))).toBe(403);
  });

  it('open one socket when one ticket is used many times at once', async () => {
    const ticket = app.seal();
    const statuses = await Promise.all(Array.from({ length: 8 }, () => handshake(withTicket(ticket))));
    expect(statuses.filter((status) => status === 101)).toHaveLength(1);
    expect(statuses.filter((status) => status === 403)).toHaveLength(7);
  });

  it('are rejected without asking PHP when they are expired, of another app, changed or invalid', async () => {
    const asked = app.askedWith.length;
    const past = Math.floor(Date.now() / 1000) - 120;
    const bad = [
      app.seal({ iat: past, exp: past + 30 }),
      app.seal({}, { appId: 'another' }),
      app.seal({}, { secret: 'another' }),
      app.seal({}, { key: 'another' }),
      `${app.seal().slice(0, -1)}~`,
      app.sessionId,
    ];
    for (const token of bad) expect(await handshake(withTicket(token))).toBe(403);
    expect(await handshake(gateway.webSocketUrl)).toBe(401);
    expect(app.askedWith).toHaveLength(asked);
  });

  it('open nothing after a logout', async () => {
    const ticket = app.seal();
    app.isLoggedIn = false;
    expect(await handshake(withTicket(ticket))).toBe(403);
  });

  it('store the end of the session in the row', async () => {
    const expiresAt = Math.floor(Date.now() / 1000) + 3600;
    app.identity = { userId: '42', expiresAt };
    const { client, row } = await open(withTicket(app.seal()));
    expect(row).toMatchObject({ sessionExpiresAt: { N: String(expiresAt) } });
    await client.close();
    app.identity = { userId: '42', expiresAt: 1 };
    expect(await handshake(withTicket(app.seal()))).toBe(403);
    app.identity = { userId: '42' };
  });

  it('work in the page of docs/page.md', async () => {
    const socket = await runPage('page.js', 'page-news.js');
    expect(await frameOf(socket)).toMatchObject({ event: 'pusher:connection_established' });
    socket.close();
  });

  it('leave neither session id, cookie nor ticket in a log or a table', async () => {
    const ticket = app.seal();
    const { client } = await open(withTicket(ticket));
    const kept = await everythingKept();
    expect(kept).toContain('user:42');
    for (const secret of [app.sessionId, 'PHPSESSID', ticket, ticket.split('.')[2]]) expect(kept).not.toContain(secret);
    await client.close();
  });
});

describe('trusted tickets as a sub-protocol', () => {
  beforeAll(() => deploy({ mode: 'ticket', tokenFrom: 'subprotocol', sessionCheck: 'trust-ticket' }));
  afterAll(remove);

  it('open a socket with our sub-protocol in the answer, never the ticket, and without asking PHP', async () => {
    const ticket = app.seal();
    const { client, row } = await open(gateway.webSocketUrl, { protocols: ['session-socket', ticket] });
    expect(client.headers['sec-websocket-protocol']).toBe('session-socket');
    expect(JSON.stringify(client.headers)).not.toContain(ticket);
    expect(row).toMatchObject({ principalId: { S: 'user:42' } });
    expect(app.askedWith).toEqual([]);
    expect(await everythingKept()).not.toContain(app.sessionId);
    await client.close();
    expect(await handshake(gateway.webSocketUrl, { protocols: ['session-socket', ticket] })).toBe(403);
  });

  it('are read from nowhere else', async () => {
    expect(await handshake(withTicket(app.seal()))).toBe(401);
    expect(await handshake(withTicket(app.seal()), { protocols: ['session-socket'] })).toBe(403);
    expect(await handshake(gateway.webSocketUrl, { protocols: [app.seal()] })).toBe(403);
    expect(await handshake(gateway.webSocketUrl, { protocols: [app.seal(), 'session-socket'] })).toBe(403);
  });

  it('work in the page that the documentation shows', async () => {
    const socket = await runPage('page-subprotocol.js');
    expect(await frameOf(socket)).toMatchObject({ event: 'pusher:connection_established' });
    expect(socket.protocol).toBe('session-socket');
    socket.close();
  });
});

describe('cookies', () => {
  beforeAll(() => deploy({ mode: 'cookie', cookies: 'PHPSESSID' }));
  afterAll(remove);
  const withCookie = (cookie: string) => ({ headers: { cookie } });

  it('open a socket without any token, and PHP gets the listed ones', async () => {
    const { client, row } = await open(gateway.webSocketUrl, withCookie(app.cookieHeader));
    expect(row).toMatchObject({ principalId: { S: 'user:42' } });
    expect(app.askedWith.at(-1)).toBe(`PHPSESSID=${app.sessionId}`);
    const kept = await everythingKept();
    for (const secret of [app.sessionId, 'PHPSESSID']) expect(kept).not.toContain(secret);
    await client.close();
  });

  it('open nothing for a stranger, after a logout, or from another page or none', async () => {
    const asked = app.askedWith.length;
    expect(await handshake(gateway.webSocketUrl)).toBe(401);
    expect(await handshake(gateway.webSocketUrl, withCookie('theme=dark'))).toBe(403);
    expect(await handshake(gateway.webSocketUrl, { ...withCookie(app.cookieHeader), origin: 'https://evil.com' })).toBe(
      403,
    );
    expect(await handshakeStatus(gateway.webSocketUrl, withCookie(app.cookieHeader))).toBe(403);
    expect(app.askedWith).toHaveLength(asked);
    expect(await handshake(gateway.webSocketUrl, withCookie('PHPSESSID=invented'))).toBe(403);
    app.isLoggedIn = false;
    expect(await handshake(gateway.webSocketUrl, withCookie(app.cookieHeader))).toBe(403);
    expect(await handshake(withTicket(app.seal()), withCookie('theme=dark'))).toBe(403);
  });

  it('work in the page that the documentation shows', async () => {
    const socket = await runPage('page-cookie.js');
    expect(await frameOf(socket)).toMatchObject({ event: 'pusher:connection_established' });
    socket.close();
  });
});
