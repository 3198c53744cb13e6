import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { DeliverEnvironment } from '../functions/edge/environment-variables.ts';
import { bundleOptions } from '../lib/bundle.ts';
import type { Bench } from './bench.ts';
import { startChild } from './child.ts';
import type { ConnectionsMock, ConnectionsMockSettings, ConnectionsReport } from './connections-mock.ts';
import type { DynamoDbMock, DynamoDbReport } from './dynamodb-mock.ts';
import type { Published } from './publisher.ts';
import { type PoolReport, startWorkerPool } from './worker-pool.ts';

/** AWS's default quota for an account, and the rate that the construct derives from it. */
export const quota = { rate: 10_000, burst: 5_000 };
const ours = { rate: 9_000, burst: 1_250 };

export interface BroadcastRound {
  /** From the call that published until the last worker has ended. */
  readonly milliseconds: number;
  /** From that call until it returned, in a process that had published before. */
  readonly publishMs: number;
  readonly frameBytes: number;
  readonly sockets: ConnectionsReport;
  readonly table: DynamoDbReport;
  readonly workers: PoolReport;
}

export async function buildDeliver(bench: Bench): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'session-socket-bench-'));
  bench.defer(() => rm(folder, { recursive: true, force: true }));
  const outfile = join(folder, 'index.js');
  await build({ ...bundleOptions('deliver'), outfile });
  return outfile;
}

/**
 * Publishes one event to this many sockets, with the deployed bundle of `deliver` and the code of a publishing
 * function.
 */
export async function broadcastOnce(
  bench: Bench,
  bundle: string,
  { subscribers, gonePercent }: { readonly subscribers: number; readonly gonePercent: number },
): Promise<BroadcastRound> {
  const mock: ConnectionsMockSettings = { quota, gonePercent };
  const sockets = await startChild<ConnectionsMock>(bench, 'connections-mock.ts', {
    CONNECTIONS_MOCK: JSON.stringify(mock),
  });
  const table = await startChild<DynamoDbMock>(bench, 'dynamodb-mock.ts', {
    DYNAMODB_MOCK: JSON.stringify({ subscribers }),
  });
  const { endpoint } = table.ready;
  const { callbackUrl } = sockets.ready;
  const pool = await startWorkerPool(bench, bundle, (lambda) => environment(callbackUrl, endpoint, lambda));

  const variables = { ...environment(callbackUrl, endpoint, pool.endpoint), DELIVER_FUNCTION: 'deliver' };
  const publisher = await startChild(bench, 'publisher.ts', variables);
  // The first publish is slower than all others, and is not measured.
  if (subscribers <= 100) {
    await publisher.ask('publish');
    await Promise.all([sockets.ask('report'), table.ask('report')]);
  }
  const begin = performance.now();
  const published = await publisher.ask<Published>('publish');
  const workers = await pool.settle();
  const milliseconds = performance.now() - begin;
  const round = { milliseconds, ...published, workers };
  return { ...round, sockets: await sockets.ask('report'), table: await table.ask('report') };
}

function environment(callbackUrl: string, dynamodb: string, lambda: string) {
  const own: DeliverEnvironment = {
    CONNECTIONS_TABLE: 'connections',
    OWNERS_TABLE: 'owners',
    SUBSCRIPTIONS_TABLE: 'subscriptions',
    MEMBERS_TABLE: 'members',
    CLAIMS_TABLE: 'claims',
    CALLBACK_URL: callbackUrl,
    POST_RATE: String(ours.rate),
    POST_BURST: String(ours.burst),
  };
  return {
    ...own,
    AWS_LAMBDA_FUNCTION_NAME: 'deliver',
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'bench',
    AWS_SECRET_ACCESS_KEY: 'bench',
    AWS_SESSION_TOKEN: 'bench',
    AWS_ENDPOINT_URL_DYNAMODB: dynamodb,
    AWS_ENDPOINT_URL_LAMBDA: lambda,
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  };
}
