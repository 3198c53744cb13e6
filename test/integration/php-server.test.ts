import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { findNativePhp } from '../../serve/php-native.ts';
import { type PhpServerOptions, startPhpServer } from '../../serve/php-server.ts';
import { phpKinds, phpVersions, withNativePhp } from '../php/php-kinds.ts';

const APP = `<?php
switch ($_SERVER['REQUEST_URI']) {
    case '/slow': file_put_contents(session_save_path() . '/slow', ''); while (true) { usleep(10000); }
    case '/warning': echo $missing; echo 'still answers'; break;
    case '/fatal': ob_start(); echo 'half a page'; no_such_function();
    case '/body': echo $_SERVER['REQUEST_METHOD'], ' ', file_get_contents('php://input'); break;
    default: echo getenv('GREETING');
}
`;

let folder: string;
let app: Omit<PhpServerOptions, 'prefer'>;
let lines: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'php-server-test-'));
  await writeFile(join(folder, 'index.php'), APP);
  lines = [];
  const log = (line: string) => lines.push(line);
  app = { root: folder, router: 'index.php', port: 0, environment: { GREETING: 'hello, "world"' }, log };
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

/** The processes that were started for one server: all of them have its session folder in their arguments. */
async function processesOf(sessions: string): Promise<string[]> {
  const commands = existsSync('/proc/self/cmdline') ? await readProc() : await readPs();
  return commands.filter((command) => command.includes(sessions));
}

/** For machines without ps. A zombie has no arguments left. */
async function readProc(): Promise<string[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  return Promise.all(ids.map((id) => readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')));
}

async function readPs(): Promise<string[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'stat=', '-o', 'args=']);
  return stdout.split('\n').filter((line) => !line.startsWith('Z'));
}

async function listenOn(port: number) {
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

describe.each(phpKinds)('%s PHP', (prefer) => {
  it('runs with the given environment, and reports its version', async () => {
    const server = await startPhpServer({ ...app, prefer });
    expect(server.php).toMatch(
      prefer === 'native' ? /^PHP \d+\.\d+\.\d+\S* \(php -S, 4 workers\)$/ : /^PHP 8\.4\.\d+ \(WebAssembly\)$/,
    );
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(await (await fetch(server.url)).text()).toBe('hello, "world"');
    expect(await (await fetch(`${server.url}/body`, { method: 'POST', body: 'a=1' })).text()).toBe('POST a=1');
    await server.close();
    expect(lines).toEqual([]);
  });

  it('leaves no process, no session folder and a free port after close', async () => {
    const server = await startPhpServer({ ...app, prefer });
    expect(await processesOf(server.sessions)).not.toEqual([]);
    await Promise.all([server.close(), server.close()]);
    expect(await processesOf(server.sessions)).toEqual([]);
    expect(existsSync(server.sessions)).toBe(false);
    (await listenOn(Number(new URL(server.url).port))).close();
  });

  it('closes although a request never ends', async () => {
    const server = await startPhpServer({ ...app, prefer });
    const request = fetch(`${server.url}/slow`).catch(() => 'cut off');
    await expect.poll(() => existsSync(join(server.sessions, 'slow'))).toBe(true);
    await server.close();
    expect(await request).toBe('cut off');
    expect(await processesOf(server.sessions)).toEqual([]);
  });

  it('reports the port when it is taken', async () => {
    const holder = await listenOn(0);
    const { port } = holder.address() as { port: number };
    const starting = startPhpServer({ ...app, prefer, port });
    await expect(starting).rejects.toThrow(`Port ${port} is in use by another program.`);
    holder.close();
  });

  it('passes on PHP’s errors, and never shows them to the visitor', async () => {
    const server = await startPhpServer({ ...app, prefer });
    expect(await (await fetch(`${server.url}/warning`)).text()).toBe('still answers');
    const failed = await fetch(`${server.url}/fatal`);
    expect(failed.status).toBe(500);
    expect(await failed.text()).not.toContain('no_such_function');
    expect(await (await fetch(server.url)).text()).toBe('hello, "world"');
    await server.close();
    const log = lines.join('\n');
    expect(log).toContain('Undefined variable $missing');
    expect(log).toContain('no_such_function');
    expect(log).not.toContain('half a page');
  });

  it('ends when its parent process is killed', async () => {
    const script = `
      import { startPhpServer } from ${JSON.stringify(join(import.meta.dirname, '../../serve/php-server.ts'))};
      const server = await startPhpServer(${JSON.stringify({ ...app, prefer })});
      console.log(server.sessions);
      setInterval(() => {}, 1000);`;
    await writeFile(join(folder, 'starter.mts'), script);
    const starter = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), join(folder, 'starter.mts')]);
    const [sessions] = await once(starter.stdout, 'data');
    const folderOfSessions = String(sessions).trim();
    expect(await processesOf(folderOfSessions)).not.toEqual([]);
    starter.kill('SIGKILL');
    await expect.poll(() => processesOf(folderOfSessions)).toEqual([]);
    await rm(folderOfSessions, { recursive: true, force: true });
  });
});

describe('the chosen PHP', () => {
  // Where there is none, those suites have no native half that could be counted as skipped.
  it('includes the native one, in every suite for several kinds of PHP', withNativePhp, () => {
    expect(phpVersions.map(({ prefer }) => prefer)).toContain('native');
  });

  it('is WebAssembly when there is no php on the PATH', async () => {
    vi.stubEnv('PATH', folder);
    const notes: string[] = [];
    const server = await startPhpServer({ ...app, note: (sentence) => notes.push(sentence) });
    await server.close();
    expect(server.php).toContain('(WebAssembly)');
    expect(notes).toEqual(['There is no php on the PATH. Using the WebAssembly PHP instead.']);
    // PHP has complained about nothing.
    expect(lines).toEqual([]);
  });

  it.each([
    [
      'cannot run',
      'echo "error while loading shared libraries" >&2; exit 127',
      /^The php on the PATH cannot run \(.*shared libraries\)\./,
    ],
    ['is too old', 'echo "7.3.33 old"', /^The PHP on the PATH is 7\.3\.33, but/],
    ['knows no sessions', 'echo "8.2.1 bare"', /^The PHP 8\.2\.1 on the PATH has no session extension\./],
  ])('is not the php on the PATH when it %s, with a message that says why', async (_, script, why) => {
    await writeFile(join(folder, 'php'), `#!/bin/sh\n${script}\n`);
    await chmod(join(folder, 'php'), 0o755);
    vi.stubEnv('PATH', folder);
    expect(await findNativePhp()).toEqual({ missing: expect.stringMatching(why) });
  });
});
