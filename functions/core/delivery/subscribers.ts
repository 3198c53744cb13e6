import type { Connection } from '../connections/connection.ts';

/** A page of a channel's subscribers, in the order of their connection ids. */
export interface SubscriberPage {
  readonly subscribers: readonly Connection[];
  /** The next page begins after this connection id. Undefined on the last page. */
  readonly next?: string | undefined;
}

/** Connection ids after `after`, up to and including `upTo`. Without both, all of the channel. */
export interface PageRange {
  readonly after?: string | undefined;
  readonly upTo?: string | undefined;
  /** The maximum number of rows to read. Without it, as many as DynamoDB reads at once: 1 MB. */
  readonly limit?: number | undefined;
  /** Whether the read must see the latest write, at twice the price. */
  readonly latest?: boolean | undefined;
}

/**
 * The port to the subscribers of a channel, which get its broadcasts.
 *
 * `page` reads one page. It MAY be stale unless `latest` is set: a connection that has just joined may be missing, and
 * one that has just left may still be there. It MUST NOT yield an expired row. A page MAY be empty although another
 * follows.
 * `last` answers the highest connection id of a channel up to `upTo`. Workers use it to split the remaining range. It
 * MAY be stale, and MAY be the id of an expired row.
 */
export interface Subscribers {
  page(channel: string, range?: PageRange): Promise<SubscriberPage>;
  last(channel: string, upTo?: string): Promise<string | undefined>;
}
