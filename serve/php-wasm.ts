import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { PhpProcess, PhpProcessOptions } from './php-process.ts';

const STOP_TIMEOUT_MS = 2_000;

/** The settings are sent as a message, because all users of the machine can read a process's arguments. */
export type WasmPhpSettings = Omit<PhpProcessOptions, 'log'>;
export type WasmPhpMessage = { ready: string } | { failed: string } | { log: string };

/**
 * Starts PHP compiled to WebAssembly, for machines without PHP. It runs in a child process, because a request blocks the
 * event loop for milliseconds, and because a child can always be killed.
 */
export async function startWasmPhp({ log, ...settings }: PhpProcessOptions): Promise<PhpProcess> {
  const script = fileURLToPath(new URL('./php-wasm-child.ts', import.meta.url));
  const child = fork(script, [settings.sessions], {
    execArgv: ['--import', import.meta.resolve('tsx')],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  child.send(settings satisfies WasmPhpSettings);
  try {
    const php = await ready(child, log);
    const logExit = () => log('PHP exited unexpectedly. Nobody can log in or connect. Restart the command.');
    child.once('exit', logExit);
    return { php, stop: () => stop(child.off('exit', logExit)) };
  } catch (error) {
    await stop(child);
    throw error;
  }
}

function ready(child: ChildProcess, log: (line: string) => void): Promise<string> {
  return new Promise((resolve, reject) => {
    let errorOutput = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      errorOutput = (errorOutput + text).slice(-2_000);
    });
    child.on('message', (message: WasmPhpMessage) => {
      if ('log' in message) log(message.log);
      if ('ready' in message) resolve(message.ready);
      if ('failed' in message) reject(new Error(message.failed));
    });
    child.once('error', reject);
    child.once('close', (code) =>
      reject(new Error(`The WebAssembly PHP ended with exit code ${code}: ${errorOutput}`)),
    );
  });
}

/**
 * Closing the channel ends the child, as our own death would. Its stderr closes when the last process has closed it, which
 * may be the compiler that tsx started. (`close` is not emitted after a `disconnect`.)
 */
async function stop(child: ChildProcess): Promise<void> {
  const isGone = child.exitCode !== null || child.signalCode !== null;
  if (isGone) return;
  const gone = Promise.all([once(child, 'exit'), child.stderr && once(child.stderr, 'close')]);
  if (child.connected) child.disconnect();
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await gone;
  clearTimeout(timer);
}
