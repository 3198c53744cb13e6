import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdtemp, readFile, rm, stat, symlink } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { findFreePort } from '../../local/http/loopback.ts';
import { startPhpServer } from '../../serve/php-server.ts';
import { speakPusher } from '../contract/pusher-socket.ts';
import { withNativePhp } from '../php/php-kinds.ts';
import { Visitor } from '../php/visitor.ts';
import { connect, handshakeStatus } from '../socket-client.ts';

const project = join(import.meta.dirname, '..', '..');
const running = new Set<ChildProcess>();

afterEach(() => {
  for (const { pid } of running) if (pid !== undefined) killGroup(pid, 'SIGKILL');
  running.clear();
});

describe('npm start', () => {
  it('runs the demo on the PHP of this machine, and Ctrl-C leaves nothing running', withNativePhp, async () => {
    const demo = await start(process.env['PATH'] ?? '');
    expect(demo.printed()).toMatch(/PHP +PHP \d+\.\d+\.\d+ \(php -S, 4 workers\)/);
    expect(demo.printed()).toMatch(/DynamoDB +dynalite/);
    expect(demo.printed()).toContain('gonzalo or maria / password');
    await tryEverything(demo);
    await demo.pressCtrlC();
    expect(demo.printed()).toMatch(/^ {2}used +secretsmanager:GetSecretValue on secret:/m);
    await expect(fetch(demo.pageUrl)).rejects.toThrow();
    await expect(connect(demo.socketUrl)).rejects.toThrow('ECONNREFUSED');
  });

  it('runs the demo on WebAssembly PHP if there is no native one', async () => {
    const path = await makePathWithoutPhp();
    const demo = await start(path);
    expect(demo.printed()).toMatch(/PHP +PHP 8\.4\.\d+ \(WebAssembly\)/);
    await tryEverything(demo);
    await demo.pressCtrlC();
    await expect(fetch(demo.pageUrl)).rejects.toThrow();
    await rm(path, { recursive: true });
  });

  it('has page and socket on one domain in mode cookie, and the cookie opens the socket', async () => {
    const demo = await start(process.env['PATH'] ?? '', ['--mode', 'cookie']);
    const [page, socket] = [new URL(demo.pageUrl), new URL(demo.socketUrl)];
    expect([page.hostname, socket.hostname]).toEqual(['app.session-socket.localhost', 'ws.session-socket.localhost']);

    const login = await fetch(`http://127.0.0.1:${page.port}/login`, {
      headers: { Authorization: `Basic ${btoa('gonzalo:password')}` },
      redirect: 'manual',
    });
    const [cookie = ''] = login.headers.getSetCookie();
    expect(cookie).toMatch(/^APPSID=.*; domain=session-socket.localhost;/i);
    // Unlike a browser, Node.js does not find these names by itself.
    const handshake = { origin: page.origin, headers: { host: socket.host, cookie: cookie.split(';')[0] ?? '' } };
    const here = `ws://127.0.0.1:${socket.port}${socket.pathname}`;
    expect(await handshakeStatus(here, { origin: page.origin })).toBe(401);
    expect(await handshakeStatus(here, handshake)).toBe(101);
    expect(await handshakeStatus(here, { ...handshake, origin: 'http://evil.session-socket.localhost' })).toBe(403);
    await demo.pressCtrlC();
  });

  it('serves a user’s own app, which finds its settings in a file', async () => {
    const port = await findFreePort(0);
    const url = `http://127.0.0.1:${port}`;
    const gateway = await start(process.env['PATH'] ?? '', ['--app', url]);
    expect(gateway.pageUrl).toBe(`${url}/`);
    const [, file = ''] = /For PHP +(\S+)/.exec(gateway.printed()) ?? [];
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const lines = (await readFile(file, 'utf8')).trim().split('\n');
    const environment = Object.fromEntries(lines.map((line) => line.split('=') as [string, string]));
    expect(gateway.printed()).not.toContain(environment['SESSION_SOCKET_SECRET']);

    const app = await startPhpServer({ root: join(project, 'php'), router: 'demo/index.php', port, environment });
    await tryEverything(gateway);
    await app.close();
    await gateway.pressCtrlC();
    await expect(access(file)).rejects.toThrow('ENOENT');
  });

  // It used to be refused: `--app` went with mode `ticket` only.
  it.each([
    ['session-id', ''],
    ['status', '/private'],
  ])('runs the blog post’s own app unmodified in mode %s, asked at "%s"', async (mode, path) => {
    const app = await startPhpServer({
      root: project,
      router: 'test/fixtures/blog-post-app/index.php',
      port: 0,
      environment: {},
    });
    const gateway = await start(process.env['PATH'] ?? '', ['--app', app.url + path, '--mode', mode]);
    expect(gateway.printed()).toMatch(new RegExp(`Asks +${app.url}${path || '/getSessionID'}, mode ${mode}\\n`));
    const visitor = new Visitor(app.url);
    await visitor.logIn();
    const handshake = (token: string) =>
      handshakeStatus(`${gateway.socketUrl}?token=${encodeURIComponent(token)}`, { origin: app.url });
    expect(await handshake(visitor.sessionId ?? '')).toBe(101);
    expect(await handshake('a'.repeat(26))).toBe(403);
    expect(await handshakeStatus(gateway.socketUrl, { origin: app.url })).toBe(401);
    await gateway.pressCtrlC();
    await app.close();
  });

  it('runs a user’s own app in mode cookie on the host of the app, where the browser sends its cookie', async () => {
    const app = await startPhpServer({
      root: project,
      router: 'test/fixtures/blog-post-app/index.php',
      port: 0,
      environment: {},
    });
    const url = app.url.replace('127.0.0.1', 'localhost');
    const gateway = await start(process.env['PATH'] ?? '', ['--app', url, '--mode', 'cookie']);
    expect(new URL(gateway.socketUrl).hostname).toBe('localhost');
    const visitor = new Visitor(app.url);
    await visitor.logIn();
    const here = gateway.socketUrl.replace('localhost', '127.0.0.1');
    const headers = { cookie: `theme=dark; ${visitor.cookieHeader}` };
    expect(await handshakeStatus(here, { origin: url, headers })).toBe(101);
    expect(await handshakeStatus(here, { origin: url, headers: { cookie: 'theme=dark' } })).toBe(403);
    expect(await handshakeStatus(here, { origin: 'http://localhost:1', headers })).toBe(403);
    await gateway.pressCtrlC();
    await app.close();
  });

  it('runs the demo in mode session-id too, and a logout closes the socket', async () => {
    const demo = await start(process.env['PATH'] ?? '', ['--mode', 'session-id']);
    const { origin } = new URL(demo.pageUrl);
    const visitor = new Visitor(origin);
    await visitor.logIn();
    const token = await visitor.fetchToken();
    expect(token).toBe(visitor.sessionId);
    const client = await connect(`${demo.socketUrl}?token=${token}`, { origin });
    await speakPusher(client).frame('hello');
    await visitor.post('/logout');
    await client.closed;
    await demo.pressCtrlC();
  });

  it('stops cleanly when Ctrl-C comes before it is ready', async () => {
    const child = spawnStart(process.env['PATH'] ?? '', ['--page-port', '0', '--socket-port', '0']);
    const printed = collect(child);
    await until(child, () => printed().includes('Synthesizing'));
    const closed = once(child, 'close');
    killGroup(child.pid, 'SIGINT');
    await closed;
    expect(printed()).not.toContain('is running');
  });

  // npm dies of a SIGTERM and does not pass it on; what it had started used to stay behind and keep the ports.
  it('ends with npm, however that ends', async () => {
    const child = spawnStart(process.env['PATH'] ?? '', ['--page-port', '0', '--socket-port', '0']);
    const printed = collect(child);
    await until(child, () => printed().includes('Starting the local cloud'));
    const allGone = once(child, 'close');
    child.kill('SIGTERM');
    // Only when the last that holds its output has ended.
    await allGone;
  });

  it.each(['--page-port', '--socket-port'])(
    'says at once which port is taken and how to choose another (%s)',
    async (option) => {
      const squatter = createServer().listen(0, '127.0.0.1');
      await once(squatter, 'listening');
      const port = portOf(squatter);
      const child = spawnStart(process.env['PATH'] ?? '', [
        '--page-port',
        '0',
        '--socket-port',
        '0',
        option,
        String(port),
      ]);
      const printed = collect(child);
      const [code] = await once(child, 'close');
      squatter.close();
      expect(code).toBe(1);
      expect(printed()).toContain(
        `Port ${port} is in use by another program. Stop that program, or choose another port with ${option}.`,
      );
      expect(printed()).not.toMatch(/^ +at /m);
    },
  );

  it('prints its help, and explains wrong options', async () => {
    const help = spawnStart(process.env['PATH'] ?? '', ['--help']);
    const printedHelp = collect(help);
    expect((await once(help, 'close'))[0]).toBe(0);
    expect(printedHelp()).toContain('--page-port N');

    const wrong = spawnStart(process.env['PATH'] ?? '', ['--page-port', 'eighty']);
    const printedWrong = collect(wrong);
    expect((await once(wrong, 'close'))[0]).toBe(2);
    expect(printedWrong()).toContain('--page-port must be a number from 0 to 65535, not "eighty".');
  });
});

interface RunningDemo {
  readonly pageUrl: string;
  readonly socketUrl: string;
  printed(): string;
  pressCtrlC(): Promise<void>;
}

async function start(path: string, more: readonly string[] = []): Promise<RunningDemo> {
  const child = spawnStart(path, ['--page-port', '0', '--socket-port', '0', '--permissions', '--hello', ...more]);
  const printed = collect(child);
  await until(child, () => printed().includes('Ctrl-C stops everything'));
  return {
    pageUrl: /Page +(\S+)/.exec(printed())?.[1] ?? '',
    socketUrl: /Socket +(\S+)/.exec(printed())?.[1] ?? '',
    printed,
    async pressCtrlC() {
      const closed = once(child, 'close');
      killGroup(child.pid, 'SIGINT');
      await closed;
      running.delete(child);
    },
  };
}

/** Logs in over PHP, waits for the first hello, says something in the room and logs out, which closes the socket. */
async function tryEverything({ pageUrl, socketUrl }: RunningDemo): Promise<void> {
  const { origin } = new URL(pageUrl);
  const visitor = new Visitor(origin);
  await visitor.logIn();
  const token = await visitor.fetchToken();
  const client = await connect(`${socketUrl}?token=${token}`, { origin });
  const socket = speakPusher(client);
  expect(await socket.frame('hello')).toEqual({ event: 'hello', data: '{"hello":"world"}' });
  socket.send('{"event":"pusher:subscribe","data":{"channel":"presence-room"}}');
  await socket.frame('pusher_internal:subscription_succeeded');
  expect((await visitor.say('Good morning')).status).toBe(200);
  expect(await socket.frame('message')).toMatchObject({ data: '{"from":"gonzalo","text":"Good morning"}' });
  await visitor.post('/logout');
  await client.closed;
}

/** In a process group of its own, as a terminal would start it, so that Ctrl-C can be sent as a terminal sends it. */
function spawnStart(path: string, args: readonly string[]): ChildProcess {
  const child = spawn('npm', ['start', '--', ...args], {
    cwd: project,
    detached: true,
    env: { ...process.env, PATH: path },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  return child;
}

function collect(child: ChildProcess): () => string {
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
      child.emit('printed');
    });
  }
  return () => printed;
}

async function until(child: ChildProcess, isDone: () => boolean): Promise<void> {
  const ended = once(child, 'close').then(() => {
    if (!isDone()) throw new Error('npm start ended too early.');
  });
  while (!isDone()) await Promise.race([once(child, 'printed'), ended]);
  ended.catch(() => {});
}

/** Only what npm itself needs; in many systems php lies in the same folder as node. */
async function makePathWithoutPhp(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'session-socket-path-'));
  for (const command of ['node', 'npm', 'sh', 'env']) {
    for (const directory of (process.env['PATH'] ?? '').split(delimiter)) {
      const file = join(directory, command);
      const exists = await access(file).then(
        () => true,
        () => false,
      );
      if (!exists) continue;
      await symlink(file, join(folder, command));
      break;
    }
  }
  return folder;
}

function killGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal);
  } catch {
    // It has ended already.
  }
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
