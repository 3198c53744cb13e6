/** Counts one more of a connection or a user, at an instant in epoch milliseconds; `over` is one too many, and not counted. */
export type Meter = (id: string, at: number) => Promise<'within' | 'over'>;

export interface MeterSettings extends SlidingWindow {
  /** Tells it from other meters. */
  readonly name: string;
  /** How many one environment counts for itself before it tells the others; with 1 every one is told. */
  readonly step: number;
}

/**
 * Of a client that keeps to a limit nothing is refused, whether it comes at once or evenly, and a window is a tenth longer than the
 * time that the limit is about; so it holds a quarter more.
 */
export function mostWithin(limit: number): number {
  return Math.min(Math.ceil(limit * 1.25), Math.floor(limit * 1.5));
}

/** 64 of them are a limit at most, so that eight environments with two steps each stay below half as many again. */
export function stepWithin(limit: number): number {
  return Math.max(1, Math.min(10, Math.floor(limit / 64)));
}

/**
 * Counts in this environment's memory, and tells the others each time that a step has come together: a client that says little
 * costs no write. With E environments at most `most + 2 × E × (step − 1)` pass in any window: each may hold back less than a step, and
 * forgets as much when it clears its memory. With a step of 1 that is `most`, however many there are.
 */
export function createMeter({ name, step, milliseconds, most }: MeterSettings, counters: Counters): Meter {
  let period = 0;
  let tallies = new Map<string, { held: number; fullSlot?: number }>();

  return async (id, at) => {
    forgetBefore(at);
    const tally = tallies.get(id) ?? { held: 0 };
    tallies.set(id, tally);
    const slot = slotAt(at, { milliseconds });
    // What is counted never becomes less, so nobody has to be asked again.
    if (tally.fullSlot === slot) return 'over';
    tally.held += 1;
    if (tally.held < step) return 'within';
    const amount = tally.held;
    if ((await counters.add(`${name}:${id}`, amount, at, { milliseconds, most })) === 'added') {
      tally.held -= amount;
      return 'within';
    }
    tally.held -= 1;
    tally.fullSlot = slot;
    return 'over';
  };

  /** All at once, so that an environment that lives for days does not remember every connection of them. */
  function forgetBefore(at: number): void {
    const now = Math.floor(at / milliseconds);
    if (now > period) [period, tallies] = [now, new Map()];
  }
}

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
