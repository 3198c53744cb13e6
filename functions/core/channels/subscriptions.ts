import type { Connection } from '../connections/connection.ts';
import type { Subscribers } from '../delivery/broadcast.ts';

/** One connection on one channel. */
export interface Subscription {
  /** The user of the connection on a presence channel. */
  readonly userId?: string | undefined;
  /** Epoch milliseconds when API Gateway received the frame that joined the channel. */
  readonly joinedAt: number;
}

/**
 * The port to the table of subscriptions.
 *
 * `add` is called after the connection's row lists the channel. It MUST be one write, MAY be repeated, and MUST keep a
 * subscription that joined later. It returns the subscription that was there before, whether it was replaced or kept.
 * `find` MUST read the latest write, and MUST NOT return an expired row.
 * `remove` returns the subscription that it removed, and MUST NOT fail when there is none. With an instant, it keeps a
 * subscription that joined at that instant or later, and returns `younger`. It MUST decide and write in one step.
 * `count` counts the subscriptions of a channel. `occupied` yields the names of all channels with subscriptions, each
 * at least once.
 */
export interface Subscriptions extends Subscribers {
  add(channel: string, connection: Connection, joinedAt: number, userId?: string): Promise<Subscription | undefined>;
  find(channel: string, connection: Connection): Promise<Subscription | undefined>;
  remove(channel: string, connection: Connection, joinedBefore?: number): Promise<Subscription | 'younger' | undefined>;
  count(channel: string): Promise<number>;
  occupied(): AsyncIterable<readonly string[]>;
}
