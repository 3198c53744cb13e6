import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

/**
 * The runtime client as the JavaScript that is piped into every environment: no file is written and nothing left behind. It is
 * the same for every local cloud of a process, so it is bundled once, when this file is imported.
 */
export const runtimeSource = bundleRuntime();

function bundleRuntime(): string {
  // The synchronous form, because the other one leaves esbuild's own process running.
  const { outputFiles } = buildSync({
    // main.ts in the checkout, main.js in the npm package.
    entryPoints: [fileURLToPath(new URL('./runtime/main', import.meta.url))],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
  });
  return outputFiles[0]?.text ?? '';
}
