import type { Clock } from '../clock.ts';
import type { Claims } from '../connections/claims.ts';
import type { Connection } from '../connections/connection.ts';
import type { BroadcastPage, StartWorker } from './broadcast.ts';
import type { FanOutReport, PostToSubscribers } from './fan-out.ts';
import { pointsBetween, timesAsFar } from './key-range.ts';
import { delayed, dueAt, type Pace, shareOf } from './pace.ts';
import type { SubscriberPage, Subscribers } from './subscribers.ts';

/** Posts one page, and has the next ones posted. */
export type BroadcastWorker = (job: BroadcastPage) => Promise<FanOutReport<Connection>>;

export interface BroadcastWorkerParts {
  readonly subscribers: Subscribers;
  readonly claims: Pick<Claims, 'claim' | 'holds'>;
  readonly postToSubscribers: PostToSubscribers;
  readonly startWorker: StartWorker;
  readonly clock: Clock;
}

/**
 * The depths at which a range is split, among so many at most: after the first chain of ten, and once more after two. Lambda stops
 * what looks like a loop after about 16 (https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html), so the
 * workers of depth 13 hand nothing on. With pages of 8,000 subscribers, 154 pages are 1.2 million.
 */
const splitsAfter = [9, 11];
const lastDepth = 13;
const mostWays = 8;

/** How long before its first post a worker is started, in milliseconds: enough for a cold start and reading its page. */
const leadMs = 2_000;
/** For how long one post is tried, in milliseconds. */
const postMs = 60_000;
/** Seconds, as long as Lambda may try an event and as it may run then: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html. */
const markerMemory = 2 * 3_600;

/**
 * Posts a broadcast to one page of subscribers. What follows that page is handed on before the first post, so that a worker
 * that dies holds up nobody but its own page, which Lambda's retry then serves again. Who was served before may hear the
 * frame twice, by the same id.
 */
export function createBroadcastWorker(parts: BroadcastWorkerParts): BroadcastWorker {
  const { subscribers, claims, postToSubscribers, startWorker, clock } = parts;
  return async (job) => {
    const page = await subscribers.page(job.channel, { after: job.after, upTo: job.upTo });
    const early = dueAt(job.pace, job.before) - leadMs - clock.now();
    if (early > 0) await clock.pause(early);
    const pace = delayed(job.pace, job.before, clock.now());
    const isLast = job.depth >= lastDepth;
    const isAgain =
      page.next !== undefined && !isLast && (await handOn(job, pace, page, page.next)) === 'handed on before';
    // Who has joined since may have pushed others off this page, and its tail begins where it ended then: one page more.
    const pages = walk(job, page, isLast ? Infinity : isAgain ? 2 : 1);
    return postToSubscribers(job, pages, { postMs, pace, before: job.before });
  };

  async function handOn(
    job: BroadcastPage,
    pace: Pace,
    page: SubscriberPage,
    next: string,
  ): Promise<'handed on' | 'handed on before'> {
    // A worker that is started again must not start the others again: its tail may be served by now.
    const marker = `handed-on:${job.id}:${job.depth}:${job.after ?? ''}`;
    if (await claims.holds(marker)) return 'handed on before';
    const rest = { ...job, after: next, pace, before: job.before + page.subscribers.length, depth: job.depth + 1 };
    const first = job.after ?? page.subscribers[0]?.connectionId;
    const workers = splitsAfter.includes(job.depth) ? await split(rest, first, next) : [rest];
    await Promise.all(workers.map(startWorker));
    // Afterwards: who dies in between starts them twice, the other way round they would never start.
    await claims.claim(marker, Math.floor(clock.now() / 1000) + markerMemory);
    return 'handed on';
  }

  async function split(rest: BroadcastPage, first: string | undefined, next: string): Promise<BroadcastPage[]> {
    const last = (await subscribers.last(rest.channel, rest.upTo)) ?? next;
    // No more workers than pages that are left, if ids lie as close there as on this one.
    const ways = Math.min(mostWays, Math.max(1, Math.ceil(timesAsFar(first ?? '', next, last))));
    const points = pointsBetween(next, last, ways - 1);
    const ends = [...points, rest.upTo];
    return ends.map((upTo, index) => ({
      ...rest,
      after: index === 0 ? next : ends[index - 1],
      upTo,
      pace: shareOf(rest.pace, rest.before, ends.length, index),
      before: 0,
    }));
  }

  /** Page after page, so many at most: the end of the line posts to all that is left. */
  async function* walk(job: BroadcastPage, first: SubscriberPage, most: number): AsyncIterable<readonly Connection[]> {
    yield first.subscribers;
    for (let { next } = first, left = most - 1; next !== undefined && left > 0; left -= 1) {
      const page = await subscribers.page(job.channel, { after: next, upTo: job.upTo });
      yield page.subscribers;
      next = page.next;
    }
  }
}
