import type { Connection } from '../connections/connection.ts';
import type { Subscribers } from '../delivery/subscribers.ts';

/** What is kept of one connection on one channel. */
export interface Subscription {
  /** On a presence channel: who leaves when this connection does. */
  readonly userId?: string | undefined;
  /** When API Gateway took the frame that joined it, in epoch milliseconds. */
  readonly joinedAt: number;
}

/**
 * The port to the table of who has joined which channel.
 *
 * `add` is called after the connection's own row has taken the channel's name. It MUST be one write, MAY be repeated, and MUST leave in
 * place what joined later. It answers what was there, whether that was replaced or stays.
 * `find` answers by what was written last, and MUST NOT answer with a row whose time has passed.
 * `remove` answers what it removed, and MUST NOT fail when that is nothing. With an instant it leaves in place what joined at this one or
 * later, and answers `younger` then; it MUST decide and write in one.
 * `count` counts a channel's subscriptions, and `occupied` yields the names of all channels that have one, each name at
 * least once.
 */
export interface Subscriptions extends Subscribers {
  add(channel: string, connection: Connection, joinedAt: number, userId?: string): Promise<Subscription | undefined>;
  find(channel: string, connection: Connection): Promise<Subscription | undefined>;
  remove(channel: string, connection: Connection, joinedBefore?: number): Promise<Subscription | 'younger' | undefined>;
  count(channel: string): Promise<number>;
  occupied(): AsyncIterable<readonly string[]>;
}
