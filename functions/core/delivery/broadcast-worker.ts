import type { Clock } from '../clock.ts';
import type { Claims } from '../connections/claims.ts';
import type { Connection } from '../connections/connection.ts';
import type { BroadcastPage, StartWorker, SubscriberPage, Subscribers } from './broadcast.ts';
import type { FanOutReport, PostToSubscribers } from './fan-out.ts';
import { pointsBetween, timesAsFar } from './key-range.ts';
import { delayed, dueAt, type Pace, shareOf } from './pace.ts';

/** Posts one page of subscribers, and starts the workers of the next pages. */
export type BroadcastWorker = (job: BroadcastPage) => Promise<FanOutReport<Connection>>;

export interface BroadcastWorkerParts {
  readonly subscribers: Subscribers;
  readonly claims: Pick<Claims, 'claim' | 'holds'>;
  readonly postToSubscribers: PostToSubscribers;
  readonly startWorker: StartWorker;
  readonly clock: Clock;
}

/**
 * The depths at which a range is split among several workers: after a chain of ten, and once more after two. Lambda
 * stops chains that look like a loop after about 16
 * (https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html), so the workers of depth 13 start no others.
 * With pages of 8,000 subscribers, 154 pages are 1.2 million.
 */
const splitsAfter = [9, 11];
const lastDepth = 13;
const maxSplit = 8;

/** Milliseconds between a worker's start and its first post: enough for a cold start and reading its page. */
const leadMs = 2_000;
/** Milliseconds for which one post is retried. */
const postMs = 60_000;
/**
 * Seconds: longer than Lambda retries an event and then runs
 * (https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html).
 */
const markerMemory = 2 * 3_600;

/**
 * Posts a broadcast to one page of subscribers. It starts the workers of the next pages before its first post, so a
 * worker that dies delays only its own page. Lambda's retry posts that page again. Some subscribers may then get the
 * frame twice, with the same id.
 */
export function createBroadcastWorker(parts: BroadcastWorkerParts): BroadcastWorker {
  const { subscribers, claims, postToSubscribers, startWorker, clock } = parts;
  return async (job) => {
    const page = await subscribers.page(job.channel, { after: job.after, upTo: job.upTo });
    const waitMs = dueAt(job.pace, job.before) - leadMs - clock.now();
    if (waitMs > 0) await clock.pause(waitMs);
    const pace = delayed(job.pace, job.before, clock.now());
    const isLast = job.depth >= lastDepth;
    const isRetry =
      page.next !== undefined && !isLast && (await startNext(job, pace, page, page.next)) === 'already started';
    // New subscribers may have moved others to the next page, and the first run's workers begin after its old end: read
    // one page more.
    const pages = readPages(job, page, isLast ? Infinity : isRetry ? 2 : 1);
    return postToSubscribers(job, pages, { postMs, pace, before: job.before });
  };

  async function startNext(
    job: BroadcastPage,
    pace: Pace,
    page: SubscriberPage,
    next: string,
  ): Promise<'started' | 'already started'> {
    // A retried worker must not start the others again, because they may be done by now.
    const marker = `handed-on:${job.id}:${job.depth}:${job.after ?? ''}`;
    if (await claims.holds(marker)) return 'already started';
    const following = { ...job, after: next, pace, before: job.before + page.subscribers.length, depth: job.depth + 1 };
    const first = job.after ?? page.subscribers[0]?.connectionId;
    const workers = splitsAfter.includes(job.depth) ? await split(following, first, next) : [following];
    await Promise.all(workers.map(startWorker));
    // After the start: a worker that dies in between starts them twice. The other way round, they would never start.
    await claims.claim(marker, Math.floor(clock.now() / 1000) + markerMemory);
    return 'started';
  }

  async function split(following: BroadcastPage, first: string | undefined, next: string): Promise<BroadcastPage[]> {
    const last = (await subscribers.last(following.channel, following.upTo)) ?? next;
    // At most as many workers as remaining pages, if the ids on them are as dense as on this page.
    const ways = Math.min(maxSplit, Math.max(1, Math.ceil(timesAsFar(first ?? '', next, last))));
    const points = pointsBetween(next, last, ways - 1);
    const ends = [...points, following.upTo];
    return ends.map((upTo, index) => ({
      ...following,
      after: index === 0 ? next : ends[index - 1],
      upTo,
      pace: shareOf(following.pace, following.before, ends.length, index),
      before: 0,
    }));
  }

  /** Reads at most `most` pages. The last worker of a chain reads all remaining pages. */
  async function* readPages(
    job: BroadcastPage,
    first: SubscriberPage,
    most: number,
  ): AsyncIterable<readonly Connection[]> {
    yield first.subscribers;
    for (let { next } = first, left = most - 1; next !== undefined && left > 0; left -= 1) {
      const page = await subscribers.page(job.channel, { after: next, upTo: job.upTo });
      yield page.subscribers;
      next = page.next;
    }
  }
}
