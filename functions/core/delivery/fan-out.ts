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
  /** Tries once: what is tried again, and when, is decided here. */
  readonly sender: Pick<SocketSender, 'post'>;
  /** Posts under way at once. */
  readonly concurrency: number;
  readonly clock: Clock;
  /** No post before its time; without it as fast as they go. */
  readonly pace?: Pace | undefined;
  /** Posts on that pace that others make before these. */
  readonly before?: number | undefined;
  /** How a post that may yet succeed is tried again; without it never. */
  readonly patience?: Patience | undefined;
}

export interface Patience {
  /** For how long one post is tried, in milliseconds from its first try. */
  readonly milliseconds: number;
  /** From 0 to below 1. */
  readonly random: () => number;
}

export interface FanOutReport<Recipient extends Connection> {
  readonly delivered: number;
  readonly gone: readonly Recipient[];
  /** Posts that were repeated. */
  readonly retried: number;
  /** Posts that failed for another reason than a gone socket, after every retry. */
  readonly lost: number;
  readonly milliseconds: number;
}

/** Posts under way or waiting for their next try: beyond so many, no other begins and no further page is read. */
const mostWaiting = 10_000;

/**
 * Posts one frame to many sockets. One bad socket never stops the rest; what happened is told, not thrown. A post that waits
 * for its next try takes no slot from others.
 */
export async function fanOut<Recipient extends Connection>(fan: FanOut<Recipient>): Promise<FanOutReport<Recipient>> {
  const { sender, clock, pace, patience } = fan;
  const begin = clock.now();
  // Once for all: the sender keeps what it computes of these bytes for as long as they live.
  const bytes = Buffer.from(fan.frame);
  const gone: Recipient[] = [];
  const count = { delivered: 0, retried: 0, lost: 0 };
  const slots = createSlots(fan.concurrency);
  const places = createSlots(mostWaiting);
  const underWay = new Set<Promise<void>>();
  let before = fan.before ?? 0;
  try {
    for await (const page of fan.recipients) {
      for (const recipient of page) {
        const early = pace === undefined ? 0 : dueAt(pace, before) - clock.now();
        if (early > 0) await clock.pause(Math.ceil(early));
        await places.take();
        before += 1;
        await slots.take();
        const posting = post(recipient).finally(() => {
          underWay.delete(posting);
          places.give();
        });
        underWay.add(posting);
      }
    }
  } finally {
    await Promise.all(underWay);
  }
  return { ...count, gone, milliseconds: clock.now() - begin };

  /** Comes with a slot, and gives it back. */
  async function post(recipient: Recipient): Promise<void> {
    const giveUpAt = clock.now() + (patience?.milliseconds ?? 0);
    for (let tries = 1; ; tries += 1) {
      const outcome = await tryOnce(recipient.connectionId);
      slots.give();
      if (outcome === 'delivered') count.delivered += 1;
      if (outcome === 'gone') gone.push(recipient);
      if (outcome === 'delivered' || outcome === 'gone') return;

      const pauseMs = patience === undefined || outcome === 'hopeless' ? Infinity : fullJitter(tries, patience.random);
      if (clock.now() + pauseMs > giveUpAt) {
        count.lost += 1;
        return;
      }
      await clock.pause(pauseMs);
      await slots.take();
      count.retried += 1;
    }
  }

  async function tryOnce(connectionId: string): Promise<'delivered' | 'gone' | 'failed' | 'hopeless'> {
    try {
      return await sender.post(connectionId, bytes);
    } catch (error) {
      // A broadcast has nobody to throw to, so every failure goes into the report.
      return error instanceof SocketTrouble && error.retryable ? 'failed' : 'hopeless';
    }
  }
}

type Pages = AsyncIterable<readonly Connection[]> | Iterable<readonly Connection[]>;

export interface Timing {
  /** For how long one post is tried, in milliseconds. */
  readonly postMs: number;
  readonly pace?: Pace;
  readonly before?: number;
}

/** Posts a broadcast to subscribers, and takes those who are gone out of the channel and everything else. */
export type PostToSubscribers = (
  broadcast: Broadcast,
  pages: Pages,
  timing: Timing,
) => Promise<FanOutReport<Connection>>;

export interface PostToSubscribersParts {
  /** Tries once. */
  readonly sender: Pick<SocketSender, 'post'>;
  /** Forgets a connection that is gone, on this channel too. */
  removeGone(connection: Connection, channel: string): Promise<void>;
  readonly clock: Clock;
  /** From 0 to below 1. */
  readonly random: () => number;
}

/** At 25 ms for a post, 256 are 10,000 in a second, all that AWS lets an account ask for; more would only cost memory. */
const concurrency = 256;
/** Each is a few writes, and nobody waits for them. */
const leavingAtOnce = 25;

export function createPostToSubscribers(parts: PostToSubscribersParts): PostToSubscribers {
  const { sender, removeGone, clock, random } = parts;
  return async ({ channel, frame, except }, pages, { postMs, pace, before }) => {
    const recipients = without(except, pages);
    const patience = { milliseconds: postMs, random };
    const report = await fanOut({ recipients, frame, sender, concurrency, clock, pace, before, patience });
    // Who could not be taken out is found gone again by the next broadcast.
    const remove = (connection: Connection) => removeGone(connection, channel).catch(() => undefined);
    await forEachConcurrently([report.gone], leavingAtOnce, remove);
    return report;
  };
}

async function* without(except: string | undefined, pages: Pages): AsyncIterable<readonly Connection[]> {
  for await (const page of pages) yield page.filter(({ connectionId }) => connectionId !== except);
}
