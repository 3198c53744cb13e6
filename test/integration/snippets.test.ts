import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PhpServer, startPhpServer } from '../../serve/php-server.ts';
import { writeAssembly } from '../assemblies/assembly.ts';
import { chatTemplate } from '../assemblies/chat.ts';
import { type Demo, startDemo } from '../gateway/demo.ts';
import { Visitor } from '../php/visitor.ts';
import { handshakeStatus } from '../socket-client.ts';

describe('The route of docs/modes.md without a library', () => {
  let demo: Demo;
  beforeAll(async () => {
    const app = { root: '.', router: 'test/fixtures/snippet-app/index.php' };
    demo = await startDemo({ app, context: { mode: 'session-id' } });
  });
  afterAll(() => demo.close());

  const cookieOf = async (path: string) => {
    const answer = await fetch(`${demo.pageUrl}${path}`);
    return answer.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  };
  const fetchToken = (cookie: string) => fetch(`${demo.pageUrl}/getSessionID`, { headers: { cookie } });
  const handshakeWith = (token: unknown) =>
    handshakeStatus(`${demo.webSocketUrl}?token=${encodeURIComponent(String(token))}`, { origin: demo.pageUrl });

  it('gives a logged-in user a token that opens a socket, and forbids caching it', async () => {
    const answer = await fetchToken(await cookieOf('/login'));
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toContain('no-store');
    expect(await handshakeWith(await answer.json())).toBe(101);
  });

  it('gives no token to a visitor who is not logged in, with or without a session', async () => {
    const visitor = await cookieOf('/visit');
    expect((await fetchToken('')).status).toBe(403);
    expect((await fetchToken(visitor)).status).toBe(403);
    expect(await handshakeWith(visitor.split('=')[1])).toBe(403);
  });

  it('starts no session for a request without a cookie', async () => {
    const answer = await fetch(`${demo.pageUrl}/getSessionID`);
    expect(answer.headers.getSetCookie()).toEqual([]);
  });
});

// session_id() used to be asked before the framework had opened the session: it was '', and the socket stayed open.
describe('The logout for frameworks that open the session at the first look into it', () => {
  let server: PhpServer;
  beforeAll(async () => {
    server = await startPhpServer({
      root: '.',
      router: 'test/fixtures/opened-later/index.php',
      port: 0,
      environment: {},
    });
  });
  afterAll(() => server.close());

  it.each(['codeigniter', 'yii'])(
    'names the session and the user, and ends the session first (%s)',
    async (framework) => {
      const visitor = new Visitor(server.url);
      await visitor.get('/login');
      const { sessionId } = visitor;
      const told = await (await visitor.get(`/${framework}`)).json();
      expect(told).toEqual({ sessionId, userId: '42', stillOpen: false });
    },
  );

  it.each(['codeigniter', 'yii'])('closes no user’s sockets if nobody was logged in (%s)', async (framework) => {
    expect(await (await fetch(`${server.url}/${framework}`)).json()).toMatchObject({ userId: null });
  });
});

it('ten idle minutes pass at once on the local cloud’s clock', async () => {
  const assembly = await writeAssembly(chatTemplate());
  const snippet = join(import.meta.dirname, '..', '..', 'docs', 'snippets', 'local-clock.ts');
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', snippet, assembly.folder]);
  await assembly.remove();
  expect(stdout).toBe('1001\n');
});
