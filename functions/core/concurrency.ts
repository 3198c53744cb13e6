/**
 * Calls `act` for every item of every page, at most `concurrency` at once. That hides latency and keeps memory flat. It
 * starts before the last page is read. `act` must handle its own errors.
 */
export async function forEachConcurrently<Item>(
  pages: AsyncIterable<readonly Item[]> | Iterable<readonly Item[]>,
  concurrency: number,
  act: (item: Item) => Promise<void>,
): Promise<void> {
  const underWay = new Set<Promise<void>>();
  for await (const page of pages) {
    for (const item of page) {
      if (underWay.size >= concurrency) await Promise.race(underWay);
      const acting = act(item).finally(() => underWay.delete(acting));
      underWay.add(acting);
    }
  }
  await Promise.all(underWay);
}

export interface Slots {
  /** Resolves when a slot is free, first come, first served. */
  take(): Promise<void>;
  give(): void;
}

/** At most `count` callers hold a slot; the others wait their turn. */
export function createSlots(count: number): Slots {
  const waiting: (() => void)[] = [];
  let free = count;
  return {
    async take() {
      if (free === 0) return new Promise((taken) => waiting.push(taken));
      free -= 1;
    },

    give() {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    },
  };
}
