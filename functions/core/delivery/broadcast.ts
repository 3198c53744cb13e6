import type { Pace } from './pace.ts';

/** One frame for all who have joined a channel. */
export interface Broadcast {
  readonly channel: string;
  /**
   * Encoded once, whatever the number of subscribers. It may arrive twice, so it carries an `id` beside its event, by which a
   * client that cares can tell.
   */
  readonly frame: string;
  /** The connection that is left out, usually the one that caused it. */
  readonly except?: string | undefined;
}

/** What is known when a broadcast returns. */
export interface BroadcastReport {
  readonly delivered: number;
  readonly gone: number;
  /** Posts that failed for another reason than a gone socket, after every retry. */
  readonly lost: number;
  /** Posts that were repeated. */
  readonly retried: number;
  /** Whether `deliver` works on it, whose numbers are in its own log. */
  readonly handedOn: boolean;
  readonly milliseconds: number;
}

/** A worker's part of a broadcast: the subscribers of a range of connection ids, of which it posts to the first page. */
export interface BroadcastPage extends Broadcast {
  /** The broadcast's own, by which its workers know what is done. */
  readonly id: string;
  readonly after?: string | undefined;
  readonly upTo?: string | undefined;
  readonly pace: Pace;
  /** Posts on that pace that other workers make before these. */
  readonly before: number;
  /** Workers one after the other that led to this one. */
  readonly depth: number;
}

/** Starts a worker without waiting for it. */
export type StartWorker = (job: BroadcastPage) => Promise<void>;
