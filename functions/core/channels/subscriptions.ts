import type { Connection } from '../connections/connection.ts';

/** What is kept of one connection on one channel. */
export interface Subscription {
  /** On a presence channel: who leaves when this connection does. */
  readonly userId?: string | undefined;
  /** When API Gateway took the frame that joined it, in epoch milliseconds. */
  readonly joinedAt: number;
}

/** Part of a channel's subscribers, in the order of their connection ids. */
export interface SubscriberPage {
  readonly subscribers: readonly Connection[];
  /** Where the next page begins: after this connection id. Undefined on the last one. */
  readonly next?: string | undefined;
}

/** Connection ids from after `after` to `upTo`, which is the last. All of a channel's without either. */
export interface PageRange {
  readonly after?: string | undefined;
  readonly upTo?: string | undefined;
  /** Most rows to read; without it as many as DynamoDB reads at once, 1 MB. */
  readonly limit?: number | undefined;
  /** Whether what was written last has to be seen, at twice the price. */
  readonly latest?: boolean | undefined;
}

/**
 * The port to the table of who has joined which channel.
 *
 * `add` is called after the connection's own row has taken the channel's name. It MUST be one write, MAY be repeated, and MUST leave in
 * place what joined later. It answers what was there, whether that was replaced or stays.
 * `find` answers by what was written last, and MUST NOT answer with a row whose time has passed.
 * `remove` answers what it removed, and MUST NOT fail when that is nothing. With an instant it leaves in place what joined at this one or
 * later, and answers `younger` then; it MUST decide and write in one.
 * `page` reads one page and MAY be stale, unless the latest is asked for: who joined or left a moment ago may be missing or still
 * there. It MUST NOT yield a row whose time has passed. A page MAY be empty although another follows.
 * `last` answers the highest of a channel's connection ids up to `upTo`, by which what is left can be shared out; it MAY be stale, and
 * MAY be that of a row whose time has passed.
 * `count` counts a channel's subscriptions, and `occupied` yields the names of all channels that have one, each name at
 * least once.
 */
export interface Subscriptions {
  add(channel: string, connection: Connection, joinedAt: number, userId?: string): Promise<Subscription | undefined>;
  find(channel: string, connection: Connection): Promise<Subscription | undefined>;
  remove(channel: string, connection: Connection, joinedBefore?: number): Promise<Subscription | 'younger' | undefined>;
  page(channel: string, range?: PageRange): Promise<SubscriberPage>;
  last(channel: string, upTo?: string): Promise<string | undefined>;
  count(channel: string): Promise<number>;
  occupied(): AsyncIterable<readonly string[]>;
}
