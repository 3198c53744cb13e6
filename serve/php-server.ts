import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { findFreePort } from '../local/http/loopback.ts';
import { findNativePhp, startNativePhp } from './php-native.ts';
import type { PhpProcess, PhpProcessOptions, WasmPhpVersion } from './php-process.ts';
import { startWasmPhp } from './php-wasm.ts';

export interface PhpServerOptions {
  /** The folder of the PHP app. */
  root: string;
  /** The front controller inside `root`. It answers all requests, including the page's files. */
  router: string;
  /** A port on 127.0.0.1; 0 for any free one. */
  port: number;
  /** Environment variables for PHP's `getenv()`. */
  environment: Record<string, string>;
  /** @default 'native', with WebAssembly as the fallback. 'wasm' never uses a native PHP. */
  prefer?: 'native' | 'wasm';
  /** The version of the WebAssembly PHP. @default '8.4', the demo's fallback */
  wasmVersion?: WasmPhpVersion;
  /** Additional php.ini settings. */
  ini?: Readonly<Record<string, string>>;
  /** Called with each line of PHP's error output. */
  log?: (line: string) => void;
  /** Called with the reason for using WebAssembly. */
  note?: (sentence: string) => void;
}

export interface PhpServer {
  url: string;
  /** The PHP version, for a banner: `PHP 8.2.33 (php -S, 4 workers)` or `PHP 8.4.25 (WebAssembly)`. */
  php: string;
  /** The folder of the session files. `close` removes it. */
  sessions: string;
  /** Ends every process and removes the sessions. May be called twice. */
  close(): Promise<void>;
}

/** Starts PHP for one app on 127.0.0.1 and resolves once it answers. */
export async function startPhpServer(options: PhpServerOptions): Promise<PhpServer> {
  // PHP does not support port 0. This also gives both kinds of PHP the same error for a port in use.
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
  const found = await findNativePhp();
  if ('missing' in found) {
    note(`${found.missing} Using the WebAssembly PHP instead.`);
    return startWasmPhp(options);
  }
  return startNativePhp(found.version, options);
}
