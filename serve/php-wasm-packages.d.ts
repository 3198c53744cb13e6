/**
 * Types for the parts of the WebAssembly PHP that we use. One package has no types, the other has types for bundlers only.
 * They also let the project compile without the packages.
 */

declare module '@php-wasm/universal' {
  export interface PHPRunOptions {
    scriptPath?: string;
    code?: string;
    /** Path and query, as in the request line. */
    relativeUri?: string;
    method?: string;
    headers?: Record<string, string>;
    body?: Uint8Array;
    /** Added to `$_SERVER`. */
    $_SERVER?: Record<string, string>;
  }

  export interface PHPResponse {
    httpStatusCode: number;
    /** Names in lower case. */
    headers: Record<string, string[]>;
    bytes: Uint8Array;
    text: string;
    /** PHP's stderr. */
    errors: string;
  }

  export interface FileSystem {
    filesystems: { NODEFS: unknown };
    mount(type: unknown, options: { root: string }, folder: string): void;
    unmount(folder: string): void;
  }

  export type MountHandler = (php: PHP, fs: FileSystem, folder: string) => () => void;

  export class PHP {
    constructor(runtime: number);
    /** Calls run one at a time. Rejects if PHP exits with another code than 0, as after a fatal error. */
    run(options: PHPRunOptions): Promise<PHPResponse>;
    mkdir(path: string): void;
    mount(folder: string, handler: MountHandler): Promise<() => void>;
    /** A new runtime after 400 requests, or after a crash. */
    enableRuntimeRotation(options: { recreateRuntime: () => Promise<number> }): void;
  }

  export interface LoaderModule {
    dependencyFilename: string;
  }

  export function loadPHPRuntime(
    loader: LoaderModule,
    options: {
      phpWasmAsyncMode: 'jspi' | 'asyncify';
      ENV: Record<string, string>;
      /** Emscripten's option. */
      websocket: {
        readonly url: (socket: unknown, host: string, port: number) => string;
        readonly subprotocol: string;
      };
    },
  ): Promise<number>;
  export function setPhpIniEntries(php: PHP, entries: Record<string, string>): Promise<void>;
}

declare module '@php-wasm/node-8-4' {
  import type { LoaderModule } from '@php-wasm/universal';

  export function getPHPLoaderModule(): Promise<LoaderModule>;
  /** Whether this Node can suspend WebAssembly. Otherwise the slower asyncify build is loaded. */
  export function jspi(): Promise<boolean>;
}

declare module '@php-wasm/node-7-4' {
  export { getPHPLoaderModule, jspi } from '@php-wasm/node-8-4';
}

declare module '@php-wasm/node-8-5' {
  export { getPHPLoaderModule, jspi } from '@php-wasm/node-8-4';
}
