import { execFile } from 'node:child_process';
import { stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { authorizerEnvironment, buildAuthorizer } from './authorizer-bundle.ts';
import type { Bench } from './bench.ts';
import { type Figure, figure } from './figure.ts';
import { spreadOfPairs } from './statistics.ts';

const rounds = 31;

/** The authorizer's share of a cold start: the size of its bundle, and loading it into a fresh Node. */
export async function measureAuthorizerImport(bench: Bench): Promise<Figure[]> {
  bench.step('bundling the authorizer');
  const bundle = await buildAuthorizer(bench);
  const empty = join(dirname(bundle), 'empty.js');
  await writeFile(empty, '');
  const { size } = await stat(bundle);

  const bundleMs: number[] = [];
  const emptyMs: number[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    if (round % 10 === 1) bench.step(`loading it into fresh processes, round ${round} of ${rounds}`);
    bundleMs.push(await timeRequire(bundle));
    emptyMs.push(await timeRequire(empty));
  }
  const overNode = spreadOfPairs(bundleMs, emptyMs, (ours, bare) => ours - bare);
  return [
    figure('authorizer-import/bundle', size / 1000, { unit: 'KB', limit: 24 }),
    figure('authorizer-import/import', overNode, { unit: 'ms', limit: 25 }),
  ];
}

async function timeRequire(file: string): Promise<number> {
  // Nothing listens on this port, because loading the module sends no request. The environment has no other variables,
  // so neither NODE_OPTIONS nor a loader takes part.
  const env = authorizerEnvironment('http://127.0.0.1:9/getSessionID', 'http://127.0.0.1:9');
  const probe = join(import.meta.dirname, 'time-require.cjs');
  const { stdout } = await promisify(execFile)(process.execPath, [probe, file], { env, timeout: 10_000 });
  return Number(stdout);
}
