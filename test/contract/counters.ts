import { describe, expect, it } from 'vitest';
import type { Counters } from '../../functions/core/counters.ts';

/** What every Counters does, whatever it is made of. */
export function describeCounters(name: string, create: () => Promise<Counters>): void {
  describe(`${name}: a counter`, () => {
    it('begins at nought, and is what was added', async () => {
      const counters = await create();
      expect(await counters.add('frames:a:1', 30, 2_000_000_000)).toBe(30);
      expect(await counters.add('frames:a:1', 5, 2_000_000_000)).toBe(35);
      expect(await counters.add('frames:b:1', 1, 2_000_000_000)).toBe(1);
    });

    it('loses nothing when many add at once', async () => {
      const counters = await create();
      const counts = await Promise.all(Array.from({ length: 20 }, () => counters.add('frames:a:1', 2, 2_000_000_000)));
      expect(counts.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, n) => 2 * (n + 1)));
    });
  });
}
