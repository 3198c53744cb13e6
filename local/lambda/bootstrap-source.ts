import { readFile } from 'node:fs/promises';
import { transformSync } from 'esbuild';

/** The runtime client as the JavaScript that is piped into every child: no file is written and nothing is left behind. */
export async function readBootstrap(): Promise<string> {
  const source = await readFile(new URL('./bootstrap.ts', import.meta.url), 'utf8');
  // The synchronous form, because the other one leaves esbuild's own process running.
  return transformSync(source, { loader: 'ts', format: 'cjs', target: 'node20' }).code;
}
