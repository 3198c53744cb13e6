import type { Clock } from './clock.ts';

/** Milliseconds after a line. During this time, refusals for the same reason are counted and not written. */
const quietMs = 60_000;

/** Refusals that were counted but not written. */
export type Suppressed = {
  readonly reason: string;
  /** How many. */
  readonly suppressed: number;
  /** ISO time of the last line before them. */
  readonly since: string;
};

/**
 * Decides which refusals one Lambda environment logs: the first for each reason in a minute. Strangers can cause any
 * number of refusals, and a log line costs more than the Lambda time of the refusal itself.
 */
export interface RefusalLog {
  /** @param reason from a closed set, because each one stays in memory */
  isWritten(reason: string): boolean;
  /**
   * Answers, once, the refusals that were suppressed in past minutes. Callers ask at the start of an invocation,
   * because Lambda freezes an idle environment, which then cannot log.
   */
  flush(): readonly Suppressed[];
}

export function createRefusalLog(clock: Clock): RefusalLog {
  const quiet = new Map<string, { readonly sinceMs: number; suppressed: number }>();
  return {
    isWritten(reason) {
      const current = quiet.get(reason);
      if (current === undefined) {
        quiet.set(reason, { sinceMs: clock.now(), suppressed: 0 });
        return true;
      }
      current.suppressed += 1;
      return false;
    },
    flush() {
      const past = [...quiet].filter(([, { sinceMs }]) => clock.now() - sinceMs >= quietMs);
      for (const [reason] of past) quiet.delete(reason);
      return past.flatMap(([reason, { sinceMs, suppressed }]) =>
        suppressed === 0 ? [] : [{ reason, suppressed, since: new Date(sinceMs).toISOString() }],
      );
    },
  };
}
