import { readConnectionsApiSettings } from '../functions/edge/environment.ts';
import { type PostingClient, postingClients } from './posting-clients.ts';
import { serve } from './serve.ts';

/** In the variables of the process. */
export interface PostingWorkerEnvironment extends Record<string, string> {
  readonly POSTING_CLIENT: PostingClient;
  readonly CALLBACK_URL: string;
  readonly ROUND_MS: string;
}

export interface PostingRound {
  readonly posts: number;
  readonly seconds: number;
  /** User and system time of the whole process. */
  readonly cpuSeconds: number;
}

/** The numbers of concurrent posts. The parent asks for a round by one of them. */
export const concurrencies = [25, 50, 100, 200, 256] as const;

/** 190 bytes, like a small event. */
const frame = Buffer.from(JSON.stringify({ event: 'news', channel: 'private-orders-42', data: 'x'.repeat(138) }));
/** As long as API Gateway's. */
const ids = Array.from({ length: 10_000 }, (_, index) =>
  Buffer.from(`connect${index + 10_000}`.slice(0, 11)).toString('base64'),
);

async function runRound(post: ReturnType<(typeof postingClients)['ours']>, concurrency: number, forMs: number) {
  const cpuBefore = process.cpuUsage();
  const start = performance.now();
  let posts = 0;
  const keepPosting = async () => {
    while (performance.now() - start < forMs) {
      posts += 1;
      await post(ids[posts % ids.length] ?? '', frame);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, keepPosting));
  const { user, system } = process.cpuUsage(cpuBefore);
  return {
    posts,
    seconds: (performance.now() - start) / 1000,
    cpuSeconds: (user + system) / 1e6,
  } satisfies PostingRound;
}

const { POSTING_CLIENT, ROUND_MS } = process.env;
// Importing a name from this file does not start a worker.
if (POSTING_CLIENT !== undefined) {
  const post = postingClients[POSTING_CLIENT as PostingClient](readConnectionsApiSettings());
  const rounds = concurrencies.map((each) => [String(each), () => runRound(post, each, Number(ROUND_MS))] as const);
  serve({ ready: true, answers: Object.fromEntries(rounds) });
}
