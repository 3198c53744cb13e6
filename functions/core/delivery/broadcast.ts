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
