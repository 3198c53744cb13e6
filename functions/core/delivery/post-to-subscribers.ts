import type { Clock } from '../clock.ts';
import { forEachConcurrently } from '../concurrency.ts';
import type { Connection } from '../connections/connection.ts';
import type { Broadcast } from './broadcast.ts';
import { type FanOutReport, fanOut } from './fan-out.ts';
import type { Pace } from './pace.ts';
import type { SocketSender } from './socket-sender.ts';

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
