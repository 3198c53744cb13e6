/** Time is an argument, so tests need not wait. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  pause(milliseconds: number): Promise<void>;
}

/** @param instant epoch milliseconds. A Node timer may fire a millisecond early. */
export async function waitUntil(instant: number, clock: Clock): Promise<void> {
  for (let waitMs = instant - clock.now(); waitMs > 0; waitMs = instant - clock.now()) await clock.pause(waitMs);
}

/** Measures the steps of some work, in milliseconds. The times of a repeated step add up. */
export function startStopwatch<Step extends string>(clock: Pick<Clock, 'now'>) {
  const laps: Partial<Record<Step, number>> = {};
  let since = clock.now();
  return {
    laps,
    /** Ends the current step and starts the next one. */
    lap(step: Step): void {
      const now = clock.now();
      laps[step] = (laps[step] ?? 0) + now - since;
      since = now;
    },
  };
}

/** Milliseconds to wait before each retry. They double up to a maximum. */
export function* doublingPauses(firstMs: number, longestMs = Number.POSITIVE_INFINITY): Generator<number, never> {
  for (let pauseMs = firstMs; ; pauseMs = Math.min(pauseMs * 2, longestMs)) yield pauseMs;
}

/**
 * Milliseconds to wait before a retry: random, below a maximum that doubles with each try. Posts that failed together
 * are then not retried together (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
 * @param tries 1 after the first try
 * @param random from 0 to below 1
 */
export function fullJitter(tries: number, random: () => number): number {
  return Math.ceil(random() * Math.min(100 * 2 ** tries, 5_000));
}
