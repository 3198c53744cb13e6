import { execFile } from 'node:child_process';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { bundleOptions } from '../lib/bundle.ts';
import type { Bench } from './bench.ts';
import { type Figure, figure } from './figure.ts';
import { spreadOfPairs } from './statistics.ts';

const rounds = 15;

/** The cold start of the two publishing functions: loading the bundle into a fresh Node. */
export async function measureFunctionImport(bench: Bench): Promise<Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'session-socket-bench-'));
  bench.defer(() => rm(folder, { recursive: true, force: true }));
  const empty = join(folder, 'empty.js');
  await writeFile(empty, '');
  const figures: Figure[] = [];
  for (const entry of ['http-api', 'deliver'] as const) {
    const outfile = join(folder, `${entry}.js`);
    await build({ ...bundleOptions(entry), outfile });
    bench.step(`loading ${entry} into fresh processes, ${rounds} rounds`);
    const [bundleMs, emptyMs]: number[][] = [[], []];
    for (let round = 1; round <= rounds; round += 1) {
      bundleMs?.push(await timeRequire(outfile));
      emptyMs?.push(await timeRequire(empty));
    }
    const overNode = spreadOfPairs(bundleMs ?? [], emptyMs ?? [], (ours, bare) => ours - bare);
    figures.push(
      figure(`function-import/${entry}`, overNode, { unit: 'ms', limit: 100 }),
      figure(`function-import/${entry}-bundle`, (await stat(outfile)).size / 1000, { unit: 'KB' }),
    );
  }
  return figures;
}

async function timeRequire(file: string): Promise<number> {
  const probe = join(import.meta.dirname, 'time-require.cjs');
  // Loading the module sends no request. The environment has no other variables.
  const { stdout } = await promisify(execFile)(process.execPath, [probe, file], { env: environment, timeout: 20_000 });
  return Number(stdout);
}

const environment = {
  AWS_REGION: 'eu-central-1',
  AWS_ACCESS_KEY_ID: 'bench',
  AWS_SECRET_ACCESS_KEY: 'bench',
  AWS_SESSION_TOKEN: 'bench',
  AWS_LAMBDA_FUNCTION_NAME: 'bench',
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  CONNECTIONS_TABLE: 'connections',
  OWNERS_TABLE: 'owners',
  SUBSCRIPTIONS_TABLE: 'subscriptions',
  MEMBERS_TABLE: 'members',
  CLAIMS_TABLE: 'claims',
  REVOCATIONS_TABLE: 'revocations',
  CALLBACK_URL: 'http://127.0.0.1:9/live',
  APP_ID: 'bench',
  KEY: 'bench',
  CREDENTIALS_SECRET_ARN: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:bench-AbCdEf',
  DELIVER_FUNCTION: 'deliver',
  REVALIDATE_FUNCTION: 'revalidate',
  POST_RATE: '9000',
  POST_BURST: '1250',
};
