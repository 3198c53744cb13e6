import type { Counters } from '../../functions/core/counters.ts';

/** Counters in memory, that know how often they were asked. */
export class MemoryCounters implements Counters {
  readonly #counts = new Map<string, number>();
  asked = 0;

  async add(name: string, amount: number): Promise<number> {
    this.asked += 1;
    const count = (this.#counts.get(name) ?? 0) + amount;
    this.#counts.set(name, count);
    return count;
  }

  get names(): readonly string[] {
    return [...this.#counts.keys()];
  }
}
