/** One frame for all who have joined a channel. */
export interface Broadcast {
  readonly channel: string;
  /** Encoded once, whatever the number of subscribers. */
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
  /** Whether `deliver` works on the rest, whose numbers are in its own log. */
  readonly handedOn: boolean;
  readonly milliseconds: number;
}

/** Few subscribers are posted to at once; for many, `deliver` is started page by page. It returns when the rest is queued. */
export type Publish = (broadcast: Broadcast) => Promise<BroadcastReport>;
