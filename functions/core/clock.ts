/** Time as an argument, so that what depends on it can be tested without waiting. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  pause(milliseconds: number): Promise<void>;
}

/** @param instant epoch milliseconds. A timer of Node may fire a millisecond before the clock says so. */
export async function waitUntil(instant: number, clock: Clock): Promise<void> {
  for (let early = instant - clock.now(); early > 0; early = instant - clock.now()) await clock.pause(early);
}

/** Milliseconds of each step of some work. A step that comes again adds to its time. */
export function startStopwatch<Step extends string>(clock: Pick<Clock, 'now'>) {
  const laps: Partial<Record<Step, number>> = {};
  let since = clock.now();
  return {
    laps,
    /** Ends the step that was under way; the next one begins. */
    lap(step: Step): void {
      const now = clock.now();
      laps[step] = (laps[step] ?? 0) + now - since;
      since = now;
    },
  };
}

/** Milliseconds to wait before each further try: twice as long as before, up to a bound. */
export function* doublingPauses(firstMs: number, longestMs = Number.POSITIVE_INFINITY): Generator<number, never> {
  for (let pauseMs = firstMs; ; pauseMs = Math.min(pauseMs * 2, longestMs)) yield pauseMs;
}

/**
 * Milliseconds: a random time below a bound that doubles with each try, so that those who failed together do not come back together
 * (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
 * @param tries 1 after the first
 * @param random from 0 to below 1
 */
export function fullJitter(tries: number, random: () => number): number {
  return Math.ceil(random() * Math.min(100 * 2 ** tries, 5_000));
}
