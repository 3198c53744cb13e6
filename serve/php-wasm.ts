import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { PhpProcess, PhpProcessOptions } from './php-process.ts';

const STOP_TIMEOUT_MS = 2_000;

/** Our only message to the child, and not its arguments: those are for everybody on the machine to read. */
export type WasmPhpSettings = Omit<PhpProcessOptions, 'log'>;
export type WasmPhpMessage = { ready: string } | { failed: string } | { log: string };

/**
 * PHP compiled to WebAssembly, for machines without PHP. In a process of its own, because a request keeps the event loop
 * busy for milliseconds, and because it can then be ended whatever it does.
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
    const tell = () => log('PHP has ended, though nobody asked it to: nobody can log in or connect.');
    child.once('exit', tell);
    return { php, stop: () => stop(child.off('exit', tell)) };
  } catch (error) {
    await stop(child);
    throw error;
  }
}

function ready(child: ChildProcess, log: (line: string) => void): Promise<string> {
  return new Promise((resolve, reject) => {
    let complaint = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      complaint = (complaint + text).slice(-2_000);
    });
    child.on('message', (message: WasmPhpMessage) => {
      if ('log' in message) log(message.log);
      if ('ready' in message) resolve(message.ready);
      if ('failed' in message) reject(new Error(message.failed));
    });
    child.once('error', reject);
    child.once('close', (code) => reject(new Error(`The WebAssembly PHP ended with exit code ${code}: ${complaint}`)));
  });
}

/**
 * The child ends when the channel to us is closed, as it would if we died. Its stderr closes when the last holder is gone,
 * and that may be the compiler that tsx started for it. (`close` does not come after a `disconnect`.)
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
