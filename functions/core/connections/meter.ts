/**
 * Counts one event of a connection or a user, at an instant in epoch milliseconds. `over`: the event exceeds the limit
 * and is not counted.
 */
export type Meter = (id: string, at: number) => Promise<'within' | 'over'>;

export interface MeterSettings extends SlidingWindow {
  /** Unique among all meters. */
  readonly name: string;
  /**
   * Events that one Lambda environment counts in memory before it adds them to the shared counter. 1 adds each event.
   */
  readonly step: number;
}

/**
 * The maximum of a window for a limit. A window is a tenth longer than the time of the limit, so it allows a quarter
 * more. A client that keeps the limit is then never refused, whether its events come at once or evenly.
 */
export function mostWithin(limit: number): number {
  return Math.min(Math.ceil(limit * 1.25), Math.floor(limit * 1.5));
}

/**
 * The step for a limit: at most 1/64 of it. Eight environments with two steps each then stay below 1.5 times the limit.
 */
export function stepWithin(limit: number): number {
  return Math.max(1, Math.min(10, Math.floor(limit / 64)));
}

/**
 * Counts in the memory of this environment, and adds each full step to the shared counter. A client with few events
 * costs no write. With E environments, at most `most + 2 × E × (step − 1)` events pass in any window. Each environment
 * may hold back less than a step, and may lose as much when it clears its memory. With a step of 1, at most `most`
 * pass.
 */
export function createMeter({ name, step, milliseconds, most }: MeterSettings, counters: Counters): Meter {
  let period = 0;
  let tallies = new Map<string, { held: number; fullSlot?: number }>();

  return async (id, at) => {
    forgetBefore(at);
    const tally = tallies.get(id) ?? { held: 0 };
    tallies.set(id, tally);
    const slot = slotAt(at, { milliseconds });
    // Counts never decrease within a slot, so the shared counter need not be read again.
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

  /** Clears all tallies at once, so that the memory of a long-lived environment does not grow. */
  function forgetBefore(at: number): void {
    const now = Math.floor(at / milliseconds);
    if (now > period) [period, tallies] = [now, new Map()];
  }
}

/** The maximum count in any period of this length. */
export interface SlidingWindow {
  /** A multiple of ten. */
  readonly milliseconds: number;
  readonly most: number;
}

/**
 * The port to counters that all Lambdas share. `add` adds an amount to the counter of this name, at an instant (epoch
 * milliseconds). It returns `full` when a window that contains the instant would exceed its maximum. It MUST decide and
 * write in one step, whatever the order of the instants. It MAY count an amount for which it returns `full`, if a window
 * begins in one row and ends in another.
 */
export interface Counters {
  add(name: string, amount: number, at: number, window: SlidingWindow): Promise<'added' | 'full'>;
}

const slotsPerWindow = 10;

/**
 * The numbers of the windows that contain an instant. Each has eleven slots of a tenth of its length, and the next
 * begins one slot later. So any period of that length lies within one window.
 */
export function windowsAt(at: number, { milliseconds }: Pick<SlidingWindow, 'milliseconds'>): readonly number[] {
  const slot = slotAt(at, { milliseconds });
  return Array.from({ length: slotsPerWindow + 1 }, (_, later) => slot + later);
}

function slotAt(at: number, { milliseconds }: Pick<SlidingWindow, 'milliseconds'>): number {
  return Math.floor((at * slotsPerWindow) / milliseconds);
}
