import { type ChildProcessByStdio, execFile, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { promisify } from 'node:util';
import { exitWithParent, signalGroup } from '../local/process-group.ts';
import type { PhpProcess, PhpProcessOptions } from './php-process.ts';

const WORKERS = 4;
const START_TIMEOUT_MS = 10_000;
const STOP_TIMEOUT_MS = 2_000;

/** Runs `php -S` with workers, so that one request that holds its session does not block all others. */
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

  const child = spawn('/bin/sh', ['-c', exitWithParent, 'sh', ...php], {
    cwd: root,
    env: { ...process.env, ...environment, PHP_CLI_SERVER_WORKERS: String(WORKERS) },
    detached: true, // its own process group: killing only php's master leaves the workers, which hold the port
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.on('error', () => {}); // the reader may end before us
  child.once('exit', () => child.stdin.end()); // when the master ends, its workers and the reader must too
  child.stdout.resume();
  // Resolves when the master, the workers and the reader have closed the output pipes.
  const outputClosed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  let isWanted = true;
  const stop = async () => {
    isWanted = false;
    signalGroup(child.pid, 'SIGINT'); // lets the master wait for its workers
    const timer = setTimeout(() => signalGroup(child.pid, 'SIGKILL'), STOP_TIMEOUT_MS);
    await outputClosed;
    clearTimeout(timer);
  };
  try {
    await started(child, address, log);
  } catch (error) {
    await stop();
    throw error;
  }
  child.once(
    'exit',
    () => isWanted && log('PHP exited unexpectedly. Nobody can log in or connect. Restart the command.'),
  );
  return { php: `PHP ${version} (php -S, ${WORKERS} workers)`, stop };
}

type PhpChild = ChildProcessByStdio<Writable, Readable, Readable>;

/** Resolves when the server listens. Later output goes to the log. */
function started(child: PhpChild, address: string, log: (line: string) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const output: string[] = [];
    const fail = (why: string) => reject(new Error(`php -S on ${address} ${why}: ${output.join(' ') || 'no output'}`));
    const timer = setTimeout(() => fail(`did not start within ${START_TIMEOUT_MS / 1000} s`), START_TIMEOUT_MS);
    child.once('error', (error) => fail(`could not be started (${error.message})`));
    child.once('close', (code) => {
      clearTimeout(timer);
      fail(`ended with exit code ${code}`);
    });
    createInterface(child.stderr).on('line', (line) => {
      const isListening = line.includes('Development Server') && line.includes('started');
      // `-q` would hide these lines but also PHP's errors.
      const isAccessLog = / (Accepted|Closing)$| Closed without sending a request|\[\d{3}\]: /.test(line);
      if (isListening) {
        clearTimeout(timer);
        resolve();
      } else if (!isAccessLog) {
        output.push(line);
        log(line);
      }
    });
  });
}

/** The version of a PHP that can serve the app, or a sentence about the missing PHP. */
export async function findNativePhp(): Promise<{ version: string } | { missing: string }> {
  if (process.platform === 'win32') return { missing: 'php -S has no workers on Windows.' };
  const ask =
    'echo PHP_VERSION, " ", PHP_VERSION_ID >= 70400 ? "" : "old", function_exists("session_start") ? "" : "bare";';
  try {
    const { stdout } = await promisify(execFile)('php', ['-r', ask], { timeout: START_TIMEOUT_MS });
    const [version = '', flaw = ''] = stdout.trim().split(' ');
    if (flaw.startsWith('old')) return { missing: `The PHP on the PATH is ${version}, but 7.4 or newer is required.` };
    if (flaw === 'bare') return { missing: `The PHP ${version} on the PATH has no session extension.` };
    return { version };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return { missing: 'There is no php on the PATH.' };
    return { missing: `The php on the PATH cannot run (${message.split('\n').join(' ').trim()}).` };
  }
}
