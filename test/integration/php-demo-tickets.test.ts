import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { deriveCredentials } from '../../functions/core/keys/credentials.ts';
import { signRequest } from '../../functions/core/keys/gateway-signature.ts';
import { type PhpServer, startPhpServer } from '../../serve/php-server.ts';
import { openPhpTicket } from '../php/node-ticket.ts';
import { phpKinds } from '../php/php-kinds.ts';
import { nowSeconds, shared } from '../php/ticket-app.ts';
import { Visitor } from '../php/visitor.ts';

const demo = { root: 'php', router: 'demo/index.php', port: 0 };
const environment = {
  SESSION_SOCKET_URL: 'ws://127.0.0.1:4000/live',
  SESSION_SOCKET_APP_ID: shared.appId,
  SESSION_SOCKET_KEY: shared.key,
  SESSION_SOCKET_SECRET: shared.secret,
};

const identity = { userId: 'gonzalo', userInfo: { name: 'Gonzalo' }, channels: ['presence-room'] };

describe.each(phpKinds)('the demo app with credentials on %s PHP', (prefer) => {
  let server: PhpServer;
  let visitor: Visitor;
  const complaints: string[] = [];

  beforeAll(async () => {
    server = await startPhpServer({ ...demo, environment, prefer, log: (line) => complaints.push(line) });
    visitor = new Visitor(server.url);
    await visitor.logIn();
  });
  afterEach(() => {
    expect(complaints).toEqual([]);
  });
  afterAll(() => server.close());

  it('gives the page a ticket with the cookie, the user and no readable session id', async () => {
    const token = await visitor.fetchToken();
    expect(token).not.toContain(visitor.sessionId);
    expect(openPhpTicket(token, shared)).toMatchObject({
      c: `PHPSESSID=${visitor.sessionId}`,
      s: visitor.sessionId,
      i: identity,
    });
  });

  it('returns the user to the gateway, which sends the cookie from the ticket', async () => {
    const cookieHeader = String(openPhpTicket(await visitor.fetchToken(), shared)['c']);
    const signed = { method: 'GET', pathAndQuery: '/getSessionID', time: nowSeconds(), cookieHeader } as const;
    const signature = signRequest(deriveCredentials(shared), signed);
    const headers = { Cookie: cookieHeader, 'X-Session-Socket': signature };
    const answer = await fetch(`${server.url}/getSessionID`, { headers });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({
      sessionId: visitor.sessionId,
      ...identity,
    });
  });

  it('answers a stranger, and another site’s page, with 403', async () => {
    expect((await new Visitor(server.url).get('/getSessionID')).status).toBe(403);
    expect((await visitor.get('/getSessionID', { 'Sec-Fetch-Site': 'cross-site' })).status).toBe(403);
  });

  it('gives no ticket after the logout', async () => {
    const other = new Visitor(server.url);
    await other.logIn();
    const cookie = `PHPSESSID=${other.sessionId}`;
    await other.post('/logout');
    expect((await fetch(`${server.url}/getSessionID`, { headers: { cookie } })).status).toBe(403);
  });
});

it('reports the missing credential of the demo app, and never falls back to the plain session id', async () => {
  const complaints: string[] = [];
  const { SESSION_SOCKET_SECRET: _, ...incomplete } = environment;
  const server = await startPhpServer({ ...demo, environment: incomplete, log: (line) => complaints.push(line) });
  const visitor = new Visitor(server.url);
  await visitor.logIn();
  const answer = await visitor.get('/getSessionID');
  expect(answer.status).toBe(500);
  expect(await answer.text()).not.toContain(visitor.sessionId);
  await server.close();
  expect(complaints.join()).toContain('The setting secret is missing or empty');
});
