import type { Leave } from '../channels/leave.ts';
import type { Clock } from '../clock.ts';
import { forEachConcurrently } from '../concurrency.ts';
import type { Connection } from '../connections/connection.ts';
import type { Broadcast } from './broadcast.ts';
import { type FanOutReport, fanOut } from './fan-out.ts';
import type { Pace } from './pace.ts';
import type { SocketSender } from './socket-sender.ts';

export interface PostWorld {
  /** Tries once. */
  readonly sender: Pick<SocketSender, 'post'>;
  readonly leave: Leave;
  readonly clock: Clock;
  /** From 0 to below 1. */
  readonly random: () => number;
}

export interface Timing {
  /** For how long one post is tried, in milliseconds. */
  readonly patienceMs: number;
  readonly pace?: Pace;
  readonly before?: number;
}

/** At 25 ms for a post, 256 are 10,000 in a second, all that AWS lets an account ask for; more would only cost memory. */
const concurrency = 256;
/** Each is a few writes, and nobody waits for them. */
const leavingAtOnce = 25;

/** Posts a broadcast to subscribers, and takes those who are gone out of the channel and everything else. */
export async function postToSubscribers(
  { channel, frame, except }: Broadcast,
  pages: AsyncIterable<readonly Connection[]> | Iterable<readonly Connection[]>,
  { sender, leave, clock, random }: PostWorld,
  { patienceMs, pace, before }: Timing,
): Promise<FanOutReport<Connection>> {
  const recipients = without(except, pages);
  const patience = { milliseconds: patienceMs, random };
  const report = await fanOut({ recipients, frame, sender, concurrency, clock, pace, before, patience });
  // Who could not be taken out is found gone again by the next broadcast.
  await forEachConcurrently([report.gone], leavingAtOnce, (connection) =>
    leave(connection, channel).catch(() => undefined),
  );
  return report;
}

async function* without(
  except: string | undefined,
  pages: AsyncIterable<readonly Connection[]> | Iterable<readonly Connection[]>,
): AsyncIterable<readonly Connection[]> {
  for await (const page of pages) yield page.filter(({ connectionId }) => connectionId !== except);
}
