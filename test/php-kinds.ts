import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { lookForNativePhp } from '../serve/php-native.ts';

const native = await lookForNativePhp();
if ('missing' in native) {
  console.warn(`Tests of the native PHP are skipped. ${native.missing} Install it (Debian: apt-get install php-cli).`);
}

/** Every kind of PHP that runs here. */
export const phpKinds = 'missing' in native ? (['wasm'] as const) : (['native', 'wasm'] as const);
export const hasNativePhp = !('missing' in native);

export interface PhpVersion {
  readonly name: string;
  readonly prefer: 'native' | 'wasm';
  readonly wasmVersion?: '7.4' | '8.5';
}

const wasmVersions: readonly PhpVersion[] = [
  { name: 'WebAssembly PHP 7.4', prefer: 'wasm', wasmVersion: '7.4' },
  { name: 'WebAssembly PHP 8.5', prefer: 'wasm', wasmVersion: '8.5' },
];

/** The PHP of this machine, and the oldest and the newest that the PHP side is written for. */
export const phpVersions: readonly PhpVersion[] = [
  ...('missing' in native ? [] : [{ name: `native PHP ${native.version}`, prefer: 'native' } as const]),
  ...wasmVersions.filter(isInstalled),
];

function isInstalled({ name, wasmVersion = '8.5' }: PhpVersion): boolean {
  const folder = join(import.meta.dirname, '../node_modules/@php-wasm', `node-${wasmVersion.replace('.', '-')}`);
  if (existsSync(folder)) return true;
  console.warn(`Tests of the ${name} are skipped: it is not installed. npm ci installs it.`);
  return false;
}
