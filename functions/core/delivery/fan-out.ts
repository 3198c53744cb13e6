import { type Clock, fullJitter } from '../clock.ts';
import { createSlots, forEachConcurrently } from '../concurrency.ts';
import type { Connection } from '../connections/connection.ts';
import type { Broadcast } from './broadcast.ts';
import { dueAt, type Pace } from './pace.ts';
import { type SocketSender, SocketTrouble } from './socket-sender.ts';

export interface FanOut<Recipient extends Connection> {
  /** Pages, so that posting begins while the next page is still being read. */
  readonly recipients: AsyncIterable<readonly Recipient[]> | Iterable<readonly Recipient[]>;
  readonly frame: string;
  /** Tries each post once. The fan-out decides about retries. */
  readonly sender: Pick<SocketSender, 'post'>;
  /** The maximum number of posts at the same time. */
  readonly concurrency: number;
  readonly clock: Clock;
  /** When each post is due. Without it, posts start as fast as possible. */
  readonly pace?: Pace | undefined;
  /** Posts at this pace that other workers make first. */
  readonly before?: number | undefined;
  /** How failed posts are retried. Without it, there are no retries. */
  readonly retry?: RetrySettings | undefined;
}

export interface RetrySettings {
  /** Milliseconds from the first try of a post to its last. */
  readonly milliseconds: number;
  /** From 0 to below 1. */
  readonly random: () => number;
}

export interface FanOutReport<Recipient extends Connection> {
  readonly delivered: number;
  readonly gone: readonly Recipient[];
  /** Repeated posts. */
  readonly retried: number;
  /** Posts that failed after every retry, for another reason than a gone socket. */
  readonly lost: number;
  readonly milliseconds: number;
}

/**
 * The maximum of posts that run or wait for a retry. At this number, no other post starts and no further page is read.
 */
const maxUnfinished = 10_000;

/**
 * Posts one frame to many sockets. A failed post never stops the others: failures are reported, not thrown. A post that
 * waits for its retry takes no slot from others.
 */
export async function fanOut<Recipient extends Connection>(fan: FanOut<Recipient>): Promise<FanOutReport<Recipient>> {
  const { sender, clock, pace, retry } = fan;
  const begin = clock.now();
  // Encoded once for all posts: the sender caches its computations for the same bytes.
  const bytes = Buffer.from(fan.frame);
  const gone: Recipient[] = [];
  const count = { delivered: 0, retried: 0, lost: 0 };
  const slots = createSlots(fan.concurrency);
  const unfinished = createSlots(maxUnfinished);
  const underWay = new Set<Promise<void>>();
  let before = fan.before ?? 0;
  try {
    for await (const page of fan.recipients) {
      for (const recipient of page) {
        const waitMs = pace === undefined ? 0 : dueAt(pace, before) - clock.now();
        if (waitMs > 0) await clock.pause(Math.ceil(waitMs));
        await unfinished.take();
        before += 1;
        await slots.take();
        const posting = post(recipient).finally(() => {
          underWay.delete(posting);
          unfinished.give();
        });
        underWay.add(posting);
      }
    }
  } finally {
    await Promise.all(underWay);
  }
  return { ...count, gone, milliseconds: clock.now() - begin };

  /** The caller has taken a slot; this gives it back. */
  async function post(recipient: Recipient): Promise<void> {
    const giveUpAt = clock.now() + (retry?.milliseconds ?? 0);
    for (let tries = 1; ; tries += 1) {
      const outcome = await tryOnce(recipient.connectionId);
      slots.give();
      if (outcome === 'delivered') count.delivered += 1;
      if (outcome === 'gone') gone.push(recipient);
      if (outcome === 'delivered' || outcome === 'gone') return;

      const pauseMs = retry === undefined || outcome === 'failed for good' ? Infinity : fullJitter(tries, retry.random);
      if (clock.now() + pauseMs > giveUpAt) {
        count.lost += 1;
        return;
      }
      await clock.pause(pauseMs);
      await slots.take();
      count.retried += 1;
    }
  }

  async function tryOnce(connectionId: string): Promise<'delivered' | 'gone' | 'failed' | 'failed for good'> {
    try {
      return await sender.post(connectionId, bytes);
    } catch (error) {
      // Every failure goes into the report, because one failed post must not stop the broadcast.
      return error instanceof SocketTrouble && error.retryable ? 'failed' : 'failed for good';
    }
  }
}

type Pages = AsyncIterable<readonly Connection[]> | Iterable<readonly Connection[]>;

export interface Timing {
  /** Milliseconds for which one post is retried. */
  readonly postMs: number;
  readonly pace?: Pace;
  readonly before?: number;
}

/** Posts a broadcast to subscribers, and removes connections that are gone. */
export type PostToSubscribers = (
  broadcast: Broadcast,
  pages: Pages,
  timing: Timing,
) => Promise<FanOutReport<Connection>>;

export interface PostToSubscribersParts {
  /** Tries each post once. */
  readonly sender: Pick<SocketSender, 'post'>;
  /** Removes a connection that is gone, from this channel too. */
  removeGone(connection: Connection, channel: string): Promise<void>;
  readonly clock: Clock;
  /** From 0 to below 1. */
  readonly random: () => number;
}

/** At 25 ms per post, 256 are 10,000 in a second, the quota of an account. More would only cost memory. */
const concurrency = 256;
/** Low, because a removal is a few writes and no client waits for it. */
const removeConcurrency = 25;

export function createPostToSubscribers(parts: PostToSubscribersParts): PostToSubscribers {
  const { sender, removeGone, clock, random } = parts;
  return async ({ channel, frame, except }, pages, { postMs, pace, before }) => {
    const recipients = without(except, pages);
    const retry = { milliseconds: postMs, random };
    const report = await fanOut({ recipients, frame, sender, concurrency, clock, pace, before, retry });
    // The next broadcast finds a connection again that could not be removed.
    const remove = (connection: Connection) => removeGone(connection, channel).catch(() => undefined);
    await forEachConcurrently([report.gone], removeConcurrency, remove);
    return report;
  };
}

async function* without(except: string | undefined, pages: Pages): AsyncIterable<readonly Connection[]> {
  for await (const page of pages) yield page.filter(({ connectionId }) => connectionId !== except);
}
