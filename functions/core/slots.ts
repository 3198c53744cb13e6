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
