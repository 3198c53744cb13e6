export type WasmPhpVersion = '7.4' | '8.4' | '8.5';

/** The complete options for both kinds of PHP, with absolute paths. */
export interface PhpProcessOptions {
  root: string;
  router: string;
  port: number;
  environment: Record<string, string>;
  sessions: string;
  ini: Readonly<Record<string, string>>;
  wasmVersion: WasmPhpVersion;
  log: (line: string) => void;
}

export interface PhpProcess {
  php: string;
  stop(): Promise<void>;
}
