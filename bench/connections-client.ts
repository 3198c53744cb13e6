import type { Bench } from './bench.ts';
import { type Child, startChild } from './child.ts';
import type { ConnectionsMock, ConnectionsMockSettings } from './connections-mock.ts';
import { type Figure, figure } from './figure.ts';
import type { PostingClient } from './posting-clients.ts';
import type { concurrencies, PostingRound, PostingWorkerEnvironment } from './posting-worker.ts';
import { median, spread, spreadOfPairs } from './statistics.ts';

type Worker = Child<boolean>;
type Concurrency = (typeof concurrencies)[number];

const rounds = 9;
const roundMs = 700;
const warmUpRounds = 4;
const latencyMs = 20;
const ourConcurrency = 256;
const candidates = [25, 50, 100, 200] as const;

/** The price of a post: with the deployed client, with AWS's own, and with only undici and a signature. */
export async function measureConnectionsClient(bench: Bench): Promise<Figure[]> {
  return [...(await measureCpu(bench)), ...(await measureRate(bench))];
}

/** Against immediate answers, so that only the client takes time. */
async function measureCpu(bench: Bench): Promise<Figure[]> {
  bench.step('starting three clients, and an @connections that answers at once');
  const callbackUrl = await startMock(bench, {});
  const workers = {
    ours: await startWorker(bench, 'ours', callbackUrl),
    raw: await startWorker(bench, 'raw', callbackUrl),
    default: await startWorker(bench, 'default', callbackUrl),
  };
  bench.step('warming up');
  for (const worker of Object.values(workers)) await warmUp(worker, 50);

  const perCpuSecond = { ours: [] as number[], raw: [] as number[], default: [] as number[] };
  for (let round = 1; round <= rounds; round += 1) {
    bench.step(`50 posts under way, with each client in turn; round ${round} of ${rounds}`);
    for (const name of ['ours', 'raw', 'default'] as const) {
      const { posts, cpuSeconds } = await run(workers[name], 50);
      perCpuSecond[name].push(posts / cpuSeconds);
    }
  }
  const by = (ours: number, theirs: number) => ours / theirs;
  const perS = { unit: 'posts/CPU s', better: 'higher' } as const;
  return [
    figure('connections-client/times-raw', spreadOfPairs(perCpuSecond.ours, perCpuSecond.raw, by), {
      unit: '×',
      limit: 0.8,
      better: 'higher',
    }),
    figure('connections-client/default-times-raw', spreadOfPairs(perCpuSecond.default, perCpuSecond.raw, by), {
      unit: '×',
      better: 'higher',
    }),
    figure('connections-client/ours', spread(perCpuSecond.ours), perS),
    figure('connections-client/raw', spread(perCpuSecond.raw), perS),
    figure('connections-client/default', spread(perCpuSecond.default), perS),
  ];
}

/** Against slow answers: how many posts one process sends in a second. */
async function measureRate(bench: Bench): Promise<Figure[]> {
  bench.step(`starting two clients, and an @connections that takes ${latencyMs} ms`);
  const callbackUrl = await startMock(bench, { latencyMs });
  const ours = await startWorker(bench, 'ours', callbackUrl);
  const theirs = await startWorker(bench, 'default', callbackUrl);
  await warmUp(ours, ourConcurrency);
  await warmUp(theirs, 100);

  const best = await findBest(bench, theirs);
  const rates = { ours: [] as number[], theirs: [] as number[] };
  for (let round = 1; round <= rounds; round += 1) {
    bench.step(`${ourConcurrency} under way with ours, ${best} with theirs; round ${round} of ${rounds}`);
    rates.ours.push(rateOf(await run(ours, ourConcurrency)));
    rates.theirs.push(rateOf(await run(theirs, best)));
  }
  const perS = { unit: 'posts/s', better: 'higher' } as const;
  const ratio = spreadOfPairs(rates.ours, rates.theirs, (our, their) => our / their);
  return [
    figure('connections-client/20ms-times-default', ratio, { unit: '×', limit: 2.5, better: 'higher' }),
    figure('connections-client/20ms-ours', spread(rates.ours), perS),
    figure('connections-client/20ms-default', spread(rates.theirs), perS),
    figure('connections-client/20ms-default-best-at', best, { unit: 'under way' }),
  ];
}

/** The number of concurrent posts with which AWS's client is fastest on this machine. */
async function findBest(bench: Bench, theirs: Worker): Promise<Concurrency> {
  const medians = new Map<Concurrency, number>();
  for (const each of candidates) {
    bench.step(`looking for their best: ${each} under way`);
    const seen: number[] = [];
    for (let round = 0; round < 3; round += 1) seen.push(rateOf(await run(theirs, each)));
    medians.set(each, median(seen));
  }
  const [best = candidates[0]] = [...candidates].sort((a, b) => (medians.get(b) ?? 0) - (medians.get(a) ?? 0));
  return best;
}

async function startMock(bench: Bench, settings: ConnectionsMockSettings): Promise<string> {
  const variables = { CONNECTIONS_MOCK: JSON.stringify(settings) };
  return (await startChild<ConnectionsMock>(bench, 'connections-mock.ts', variables)).ready.callbackUrl;
}

async function startWorker(bench: Bench, client: PostingClient, callbackUrl: string): Promise<Worker> {
  const own = { POSTING_CLIENT: client, CALLBACK_URL: callbackUrl, ROUND_MS: String(roundMs) };
  return startChild(bench, 'posting-worker.ts', {
    ...(own satisfies PostingWorkerEnvironment),
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'ASIABENCHBENCHBENCH0',
    AWS_SECRET_ACCESS_KEY: 'bench',
    // As long as a Lambda's, because every post sends it.
    AWS_SESSION_TOKEN: 'b'.repeat(850),
  });
}

async function warmUp(worker: Worker, concurrency: Concurrency): Promise<void> {
  for (let round = 0; round < warmUpRounds; round += 1) await run(worker, concurrency);
}

function run(worker: Worker, concurrency: Concurrency): Promise<PostingRound> {
  return worker.ask(String(concurrency));
}

const rateOf = ({ posts, seconds }: PostingRound) => posts / seconds;
