import type { Clock } from './clock.ts';
import type { Counters } from './counters.ts';

/** Counts one more of a connection, and says how it stands: `flood` is several times what is allowed. */
export type Meter = (connectionId: string) => Promise<'within' | 'over' | 'flood'>;

export interface MeterSettings {
  /** Tells it from other meters. */
  readonly name: string;
  /** In each window. */
  readonly limit: number;
  readonly windowMs: number;
}

interface Tally {
  /** What all Lambdas together had counted when it was last asked for. */
  shared: number;
  /** What was counted here since. */
  own: number;
}

const floodAt = 3;

/**
 * Counts in this environment's memory, and tells the others only each time that a good part of the limit has come together: who
 * says little costs no write. What one connection says to other environments in between is not seen, so the limit is that of one
 * environment plus a part of it for each other one.
 */
export function createMeter(
  { name, limit, windowMs }: MeterSettings,
  counters: Counters,
  clock: Pick<Clock, 'now'>,
): Meter {
  const part = Math.min(limit, Math.max(4, Math.ceil(limit / 10)));
  let window = -1;
  let tallies = new Map<string, Tally>();

  return async (connectionId) => {
    const now = Math.floor(clock.now() / windowMs);
    // The old ones go all at once, so that an environment that lives for days does not remember every connection of them.
    if (now !== window) [window, tallies] = [now, new Map()];
    const tally = tallies.get(connectionId) ?? { shared: 0, own: 0 };
    tallies.set(connectionId, tally);
    tally.own += 1;
    if (tally.own >= part) await share(connectionId, tally);
    const count = tally.shared + tally.own;
    if (count > limit * floodAt) return 'flood';
    return count > limit ? 'over' : 'within';
  };

  async function share(connectionId: string, tally: Tally): Promise<void> {
    const own = tally.own;
    const expiresAt = Math.ceil(((window + 1) * windowMs) / 1000) + 60;
    tally.shared = await counters.add(`${name}:${connectionId}:${window}`, own, expiresAt);
    tally.own -= own;
  }
}
