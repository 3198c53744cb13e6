import { type ChildProcessByStdio, execFile, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { promisify } from 'node:util';
import { signalGroup, untilOurEnd } from '../local/process-group.ts';
import type { PhpProcess, PhpProcessOptions } from './php-process.ts';

const WORKERS = 4;
const START_TIMEOUT_MS = 10_000;
const STOP_TIMEOUT_MS = 2_000;

/** `php -S` with workers, because one request that holds its session must not stop all others. */
export async function startNativePhp(version: string, options: PhpProcessOptions): Promise<PhpProcess> {
  const { root, router, port, environment, sessions, ini, log } = options;
  const address = `127.0.0.1:${port}`;
  const settings = { 'session.save_handler': 'files', 'session.save_path': sessions, expose_php: '0' };
  const errors = { display_errors: '0', log_errors: '1', error_log: '', error_reporting: '-1' };
  const given = Object.entries({ ...settings, ...errors, ...ini }).flatMap(([name, value]) => [
    '-d',
    `${name}="${value}"`,
  ]);
  const php = ['php', ...given, '-S', address, '-t', root, join(root, router)];

  const child = spawn('/bin/sh', ['-c', untilOurEnd, 'sh', ...php], {
    cwd: root,
    env: { ...process.env, ...environment, PHP_CLI_SERVER_WORKERS: String(WORKERS) },
    detached: true, // its own process group: killing only php's master leaves the workers, which hold the port
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.on('error', () => {}); // the reader may be gone before us
  child.once('exit', () => child.stdin.end()); // whatever ended the master, its workers and the reader follow
  child.stdout.resume();
  // Comes when nobody holds the output pipes any more: neither the master nor a worker nor the reader.
  const allGone = new Promise<void>((resolve) => child.once('close', () => resolve()));
  let isWanted = true;
  const stop = async () => {
    isWanted = false;
    signalGroup(child.pid, 'SIGINT'); // lets the master wait for its workers
    const timer = setTimeout(() => signalGroup(child.pid, 'SIGKILL'), STOP_TIMEOUT_MS);
    await allGone;
    clearTimeout(timer);
  };
  try {
    await started(child, address, log);
  } catch (error) {
    await stop();
    throw error;
  }
  child.once('exit', () => isWanted && log('PHP has ended, though nobody asked it to: nobody can log in or connect.'));
  return { php: `PHP ${version} (php -S, ${WORKERS} workers)`, stop };
}

type PhpChild = ChildProcessByStdio<Writable, Readable, Readable>;

/** Resolves when the server has said that it listens; from then on its complaints go to the log. */
function started(child: PhpChild, address: string, log: (line: string) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const said: string[] = [];
    const fail = (why: string) =>
      reject(new Error(`php -S on ${address} ${why}: ${said.join(' ') || 'it said nothing'}`));
    const timer = setTimeout(() => fail('does not start'), START_TIMEOUT_MS);
    child.once('error', (error) => fail(`could not be run (${error.message})`));
    child.once('close', (code) => {
      clearTimeout(timer);
      fail(`ended with exit code ${code}`);
    });
    createInterface(child.stderr).on('line', (line) => {
      const isListening = line.includes('Development Server') && line.includes('started');
      // `-q` would silence these, and PHP's errors with them.
      const isAccessLog = / (Accepted|Closing)$| Closed without sending a request|\[\d{3}\]: /.test(line);
      if (isListening) {
        clearTimeout(timer);
        resolve();
      } else if (!isAccessLog) {
        said.push(line);
        log(line);
      }
    });
  });
}

/** The version of a PHP that can serve the app, or a sentence that says why there is none. */
export async function lookForNativePhp(): Promise<{ version: string } | { missing: string }> {
  if (process.platform === 'win32') return { missing: 'php -S has no workers on Windows.' };
  const ask =
    'echo PHP_VERSION, " ", PHP_VERSION_ID >= 70400 ? "" : "old", function_exists("session_start") ? "" : "bare";';
  try {
    const { stdout } = await promisify(execFile)('php', ['-r', ask], { timeout: START_TIMEOUT_MS });
    const [version = '', flaw = ''] = stdout.trim().split(' ');
    if (flaw.startsWith('old'))
      return { missing: `The PHP on the PATH is ${version}; 7.4 is the oldest that will do.` };
    if (flaw === 'bare') return { missing: `The PHP ${version} on the PATH has no session extension.` };
    return { version };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return { missing: 'There is no php on the PATH.' };
    return { missing: `The php on the PATH cannot run (${message.split('\n').join(' ').trim()}).` };
  }
}
