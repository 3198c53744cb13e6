/**
 * Does something with every item of every page, with so many under way at once: enough to hide the latency of one, few
 * enough to keep memory flat. It begins while the next page is still being read. `act` deals with its own failures.
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
  /** Resolves when one is free, first come, first served. */
  take(): Promise<void>;
  give(): void;
}

/** So many may be at it at once; the others wait their turn. */
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
