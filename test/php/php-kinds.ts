import { findNativePhp } from '../../serve/php-native.ts';
import { type Need, needs } from '../needs.ts';

const native = await findNativePhp();
export const lackOfPhp: Need | undefined =
  'missing' in native ? { name: 'php', missing: native.missing, packages: ['php-cli'] } : undefined;

/** For what is about that one: it has several workers, the WebAssembly PHP answers one request after the other. */
export const withNativePhp = needs(lackOfPhp);

/** Every kind of PHP that runs here. */
export const phpKinds = lackOfPhp === undefined ? (['native', 'wasm'] as const) : (['wasm'] as const);

export interface PhpVersion {
  readonly name: string;
  /** Where there is no native PHP, that is WebAssembly too. */
  readonly prefer: 'native' | 'wasm';
  readonly wasmVersion?: '7.4' | '8.5';
}

/** For tests that one PHP is enough for. */
export const anyPhp: PhpVersion = { name: 'any PHP', prefer: 'native' };

/** The PHP of this machine, and the oldest and the newest that the PHP side is written for. */
export const phpVersions: readonly PhpVersion[] = [
  ...('missing' in native ? [] : [{ name: `native PHP ${native.version}`, prefer: 'native' } as const]),
  { name: 'WebAssembly PHP 7.4', prefer: 'wasm', wasmVersion: '7.4' },
  { name: 'WebAssembly PHP 8.5', prefer: 'wasm', wasmVersion: '8.5' },
];
