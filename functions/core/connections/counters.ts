/** How much may be counted within a length of time, wherever that begins. */
export interface SlidingWindow {
  /** A multiple of ten. */
  readonly milliseconds: number;
  readonly most: number;
}

/**
 * Numbers that all Lambdas share. `add` adds to the one with this name at an instant (epoch milliseconds), and answers `full`
 * instead where any window with that instant would hold more than it may. It MUST decide and write in one, whatever order the
 * instants come in. It MAY count what it answers `full` to, where a window begins in one row and ends in another.
 */
export interface Counters {
  add(name: string, amount: number, at: number, window: SlidingWindow): Promise<'added' | 'full'>;
}

const slotsPerWindow = 10;

/**
 * The windows that an instant lies in, by their numbers. Each has eleven slots of a tenth of its length, and the next begins one
 * slot later, so any stretch of that length lies within one of them.
 */
export function windowsAt(at: number, { milliseconds }: Pick<SlidingWindow, 'milliseconds'>): readonly number[] {
  const slot = slotAt(at, { milliseconds });
  return Array.from({ length: slotsPerWindow + 1 }, (_, later) => slot + later);
}

export function slotAt(at: number, { milliseconds }: Pick<SlidingWindow, 'milliseconds'>): number {
  return Math.floor((at * slotsPerWindow) / milliseconds);
}
