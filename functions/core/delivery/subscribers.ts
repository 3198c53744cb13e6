import type { Connection } from '../connections/connection.ts';

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
 * The port to a channel's subscribers, to whom broadcasts are posted.
 *
 * `page` reads one page and MAY be stale, unless the latest is asked for: who joined or left a moment ago may be missing or still
 * there. It MUST NOT yield a row whose time has passed. A page MAY be empty although another follows.
 * `last` answers the highest of a channel's connection ids up to `upTo`, by which what is left can be shared out; it MAY be stale, and
 * MAY be that of a row whose time has passed.
 */
export interface Subscribers {
  page(channel: string, range?: PageRange): Promise<SubscriberPage>;
  last(channel: string, upTo?: string): Promise<string | undefined>;
}
