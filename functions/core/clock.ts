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
