import { type Counters, type SlidingWindow, windowsAt } from '../../functions/core/connections/meter.ts';

/** Counters in memory that count their calls. */
export class MemoryCounters implements Counters {
  readonly #counts = new Map<string, number>();
  asked = 0;

  async add(
    name: string,
    amount: number,
    at: number,
    { milliseconds, most }: SlidingWindow,
  ): Promise<'added' | 'full'> {
    this.asked += 1;
    const keys = windowsAt(at, { milliseconds }).map((window) => `${name}:${window}`);
    if (keys.some((key) => this.#at(key) + amount > most)) return 'full';
    for (const key of keys) this.#counts.set(key, this.#at(key) + amount);
    return 'added';
  }

  #at(key: string): number {
    return this.#counts.get(key) ?? 0;
  }
}
