import type { Connection } from '../connections/connection.ts';
import type { Pace } from './pace.ts';

/** One frame for all subscribers of a channel. */
export interface Broadcast {
  readonly channel: string;
  /**
   * Encoded once for all subscribers. It may arrive twice, so it has an `id` beside its event, and a client can
   * recognize the duplicate.
   */
  readonly frame: string;
  /** The connection that does not get the frame, usually the one that caused it. */
  readonly except?: string | undefined;
}

/** The result of a broadcast when it returns. */
export interface BroadcastReport {
  readonly delivered: number;
  readonly gone: number;
  /** Posts that failed after every retry, for another reason than a gone socket. */
  readonly lost: number;
  /** Repeated posts. */
  readonly retried: number;
  /** Whether `deliver` posts it. Its numbers are then in the log of `deliver`. */
  readonly handedOn: boolean;
  readonly milliseconds: number;
}

/** A worker's part of a broadcast: a range of connection ids. The worker posts to the first page of this range. */
export interface BroadcastPage extends Broadcast {
  /** The id of the broadcast. Its workers use it to mark finished steps. */
  readonly id: string;
  readonly after?: string | undefined;
  readonly upTo?: string | undefined;
  readonly pace: Pace;
  /** Posts at this pace that other workers make first. */
  readonly before: number;
  /** The number of workers in the chain before this one. */
  readonly depth: number;
}

/** Starts a worker without waiting for it. */
export type StartWorker = (job: BroadcastPage) => Promise<void>;

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
 * `last` returns the highest connection id of a channel up to `upTo`. Workers use it to split the remaining range. It
 * MAY be stale, and MAY be the id of an expired row.
 */
export interface Subscribers {
  page(channel: string, range?: PageRange): Promise<SubscriberPage>;
  last(channel: string, upTo?: string): Promise<string | undefined>;
}
