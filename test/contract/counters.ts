import { describe, expect, it } from 'vitest';
import type { Counters } from '../../functions/core/connections/meter.ts';

const second = { milliseconds: 1000, most: 10 };
/** A row of DynamoDB has 150 windows. Just before this instant, the windows of an instant are in two rows. */
const border = 1_764_000_000_000;

/** The contract of every Counters. */
export function describeCounters(name: string, create: () => Promise<Counters>): void {
  describe(`${name}: a counter`, () => {
    it('adds up to the maximum of its window, and is full above it', async () => {
      const counters = await create();
      expect(await counters.add('a', 8, border, second)).toBe('added');
      expect(await counters.add('a', 3, border, second)).toBe('full');
      expect(await counters.add('a', 2, border, second)).toBe('added');
      expect(await counters.add('a', 1, border, second)).toBe('full');
      expect(await counters.add('b', 1, border, second)).toBe('added');
    });

    it.each([-1_000, -600, -100, 0, 100, 5_000])('is full for a second from %i ms, and then empty', async (begin) => {
      const counters = await create();
      await counters.add('a', 10, border + begin, second);
      for (const later of [-1_000, -99, 99, 1_000]) {
        expect([later, await counters.add('a', 1, border + begin + later, second)]).toEqual([later, 'full']);
      }
      expect(await counters.add('a', 10, border + begin + 1_100, second)).toBe('added');
    });

    it.each([-600, 0, 100])('does not count for a late instant, more than a second before %i ms', async (begin) => {
      const counters = await create();
      await counters.add('a', 10, border + begin, second);
      expect(await counters.add('a', 10, border + begin - 1_100, second)).toBe('added');
    });

    it('reaches exactly its maximum when many add at once', async () => {
      const counters = await create();
      const outcomes = await Promise.all(Array.from({ length: 20 }, () => counters.add('a', 2, border, second)));
      expect(outcomes.filter((outcome) => outcome === 'added')).toHaveLength(5);
    });
  });
}
