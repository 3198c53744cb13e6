import type { Clock } from './clock.ts';

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
