import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PhpServer, startPhpServer } from '../../serve/php-server.ts';
import { WebServer } from '../fakes/web-server.ts';
import { withNativePhp } from '../php/php-kinds.ts';
import { shared } from '../php/ticket-app.ts';
import { Visitor } from '../php/visitor.ts';

interface Typed {
  readonly environment?: Readonly<Record<string, string>>;
  readonly input?: string;
}

/** As a person runs it. */
async function run(args: readonly string[], { environment = {}, input = '' }: Typed = {}) {
  const child = spawn(process.execPath, ['bin/session-socket.mjs', 'doctor', ...args], {
    env: { PATH: process.env['PATH'], ...environment },
  });
  child.stdin.end(input);
  const [printed, complaints, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ]);
  return { printed, complaints, code };
}

describe('the command session-socket doctor', () => {
  let server: PhpServer;
  let cookie: string;

  beforeAll(async () => {
    const environment = {
      SESSION_SOCKET_APP_ID: shared.appId,
      SESSION_SOCKET_KEY: shared.key,
      SESSION_SOCKET_SECRET: shared.secret,
    };
    server = await startPhpServer({ root: '.', router: 'test/fixtures/doctor/index.php', port: 0, environment });
    const visitor = new Visitor(server.url);
    await visitor.get('/login');
    cookie = `PHPSESSID=${visitor.sessionId}`;
  });
  afterAll(() => server.close());

  it('prints the output in docs/doctor.md, and nothing secret', withNativePhp, async () => {
    const { printed, complaints, code } = await run(
      [
        `${server.url}/getSessionID?a=hidden`,
        '--cookie',
        '-',
        '--key',
        shared.key,
        '--app-id',
        shared.appId,
        '--slow-url',
        `${server.url}/report`,
      ],
      { environment: { SESSION_SOCKET_SECRET: shared.secret }, input: `${cookie}\n` },
    );
    const shown = /^```text\n([\s\S]*?)^```$/m.exec(await readFile('docs/doctor.md', 'utf8'))?.[1] ?? '';
    expect(timeless(printed.replace(server.url, 'http://127.0.0.1:8080'))).toBe(timeless(shown));
    expect(complaints).toBe('');
    expect(code).toBe(1);
    for (const secret of [cookie.slice('PHPSESSID='.length), shared.secret, 'hidden', 't1.'])
      expect(printed).not.toContain(secret);
  });

  it('exits with 0 without a problem, and prints JSON on request', async () => {
    const { printed, complaints, code } = await run([`${server.url}/getSessionID`, '--json'], {
      environment: { SESSION_SOCKET_COOKIE: cookie },
    });
    const { url, counts, checks } = JSON.parse(printed);
    expect({ url, complaints, code }).toEqual({ url: `${server.url}/getSessionID`, complaints: '', code: 0 });
    expect(counts).toMatchObject({ warning: 0, problem: 0 });
    expect(checks).toContainEqual({
      name: 'stranger',
      question: 'Are requests without a session rejected?',
      outcome: 'ok',
      says: '403 without a session',
      mend: [],
    });
  });

  it('prints colours on request', async () => {
    const { printed } = await run([`${server.url}/nothing`], { environment: { FORCE_COLOR: '1' } });
    expect(printed).toContain('\u001b[31mproblem    \u001b[39m  stranger');
  });

  it('exits with 2 after a wrong call, and prints its options', async () => {
    expect(await run([])).toMatchObject({
      code: 2,
      printed: '',
      complaints: expect.stringContaining('Pass exactly one URL'),
    });
    expect(await run(['--help'])).toMatchObject({ code: 0, printed: expect.stringContaining('--slow-url URL') });
  });

  it('stops at Ctrl-C', async () => {
    const asked = new EventEmitter();
    const silent = await WebServer.start(() => asked.emit('question'));
    const question = once(asked, 'question');
    const child = spawn(process.execPath, ['bin/session-socket.mjs', 'doctor', String(silent.url())], {
      env: { PATH: process.env['PATH'] },
      stdio: 'ignore',
    });
    await question;
    child.kill('SIGINT');
    const [, signal] = await once(child, 'exit');
    expect(signal).toBe('SIGINT');
    await silent.close();
  });
});

/** Empty lines at both ends, and how long things are and took, do not count. */
const timeless = (printed: string) => printed.trim().replace(/\d+ (ms|bytes)/g, '… $1');
