import { lookForNativePhp } from '../local/php-native.ts';

const native = await lookForNativePhp();
if ('missing' in native) {
  console.warn(`Tests of the native PHP are skipped. ${native.missing} Install it (Debian: apt-get install php-cli).`);
}

/** Every kind of PHP that runs here. */
export const phpKinds = 'missing' in native ? (['wasm'] as const) : (['native', 'wasm'] as const);
export const hasNativePhp = !('missing' in native);
