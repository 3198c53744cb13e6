import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { findFreePort } from '../local/http/loopback.ts';
import { lookForNativePhp, startNativePhp } from './php-native.ts';
import type { PhpProcess, PhpProcessOptions, WasmPhpVersion } from './php-process.ts';
import { startWasmPhp } from './php-wasm.ts';

export interface PhpServerOptions {
  /** The folder of the PHP app. */
  root: string;
  /** The front controller inside `root`: it answers every request, files of the page included. */
  router: string;
  /** On 127.0.0.1; 0 takes any free one. */
  port: number;
  /** What `getenv()` knows in PHP. */
  environment: Record<string, string>;
  /** @default 'native', and WebAssembly where there is no PHP that runs. 'wasm' never looks for one. */
  prefer?: 'native' | 'wasm';
  /** Which WebAssembly PHP. @default '8.4', the one that the demo falls back to */
  wasmVersion?: WasmPhpVersion;
  /** Further settings of php.ini. */
  ini?: Readonly<Record<string, string>>;
  /** Told one line at a time what PHP complains about. */
  log?: (line: string) => void;
  /** Told why WebAssembly was taken. */
  note?: (sentence: string) => void;
}

export interface PhpServer {
  url: string;
  /** Which PHP answers, for a banner: `PHP 8.2.33 (php -S, 4 workers)` or `PHP 8.4.25 (WebAssembly)`. */
  php: string;
  /** The folder of the session files; gone after `close`. */
  sessions: string;
  /** Ends every process and removes the sessions. May be called twice. */
  close(): Promise<void>;
}

/** Starts PHP for one app on 127.0.0.1 and resolves once it answers. */
export async function startPhpServer(options: PhpServerOptions): Promise<PhpServer> {
  // PHP cannot be told "any port". It also makes "taken" one sentence for both kinds of PHP.
  const port = await findFreePort(options.port);
  const sessions = await mkdtemp(join(tmpdir(), 'session-socket-php-'));
  const root = resolve(options.root);
  const { router, environment, prefer = 'native', wasmVersion = '8.4', ini = {} } = options;
  const { log = () => {}, note = () => {} } = options;
  try {
    const running = await start(prefer, note, { root, router, port, environment, sessions, ini, wasmVersion, log });
    let closing: Promise<void> | undefined;
    const close = async () => {
      await running.stop();
      await rm(sessions, { recursive: true, force: true });
    };
    return {
      url: `http://127.0.0.1:${port}`,
      php: running.php,
      sessions,
      close: () => {
        closing ??= close();
        return closing;
      },
    };
  } catch (error) {
    await rm(sessions, { recursive: true, force: true });
    throw error;
  }
}

async function start(
  prefer: 'native' | 'wasm',
  note: (sentence: string) => void,
  options: PhpProcessOptions,
): Promise<PhpProcess> {
  if (prefer === 'wasm') return startWasmPhp(options);
  const found = await lookForNativePhp();
  if ('missing' in found) {
    note(`${found.missing} Taking the WebAssembly PHP instead.`);
    return startWasmPhp(options);
  }
  return startNativePhp(found.version, options);
}
