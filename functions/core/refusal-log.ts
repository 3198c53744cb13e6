import type { Clock } from './clock.ts';

/** Milliseconds after a line in which refusals for the same reason are counted, and not written. */
const quietMs = 60_000;

/** Refusals that were counted and not written. */
export type Suppressed = {
  readonly reason: string;
  /** How many. */
  readonly suppressed: number;
  /** ISO time of the line before them. */
  readonly since: string;
};

/**
 * Which refusals of one Lambda environment are written in full: the first for each reason in a minute. Strangers can cause as many as
 * they like, and a line costs more than the milliseconds of Lambda that refuse them.
 */
export interface RefusalLog {
  /** @param reason of a closed set, because each one is kept */
  isWritten(reason: string): boolean;
  /**
   * What was suppressed in minutes that are over, once. Asked at the start of an invocation: an environment is frozen after it and cannot
   * log by itself.
   */
  flush(): readonly Suppressed[];
}

export function createRefusalLog(clock: Clock): RefusalLog {
  const quiet = new Map<string, { readonly sinceMs: number; suppressed: number }>();
  return {
    isWritten(reason) {
      const minute = quiet.get(reason);
      if (minute === undefined) {
        quiet.set(reason, { sinceMs: clock.now(), suppressed: 0 });
        return true;
      }
      minute.suppressed += 1;
      return false;
    },
    flush() {
      const over = [...quiet].filter(([, { sinceMs }]) => clock.now() - sinceMs >= quietMs);
      for (const [reason] of over) quiet.delete(reason);
      return over.flatMap(([reason, { sinceMs, suppressed }]) =>
        suppressed === 0 ? [] : [{ reason, suppressed, since: new Date(sinceMs).toISOString() }],
      );
    },
  };
}
