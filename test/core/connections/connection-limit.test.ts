import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ConnectionLimit,
  findExcessConnections,
  findLimitFault,
  limitChoices,
} from '../../../functions/core/connections/connection-limit.ts';
import type { RegisteredConnection } from '../../../functions/core/connections/connection-registry.ts';

const one = (connectionId: string, connectedAt: number): RegisteredConnection => ({
  principalId: 'user:42',
  connectionId,
  connectedAt,
  welcomed: true,
});

it('of two connections in one millisecond, every Lambda closes the same one', () => {
  const limit: ConnectionLimit = { maxConnections: 1, atMaxConnections: 'oldest-out' };
  const [a, b] = [one('a', 5), one('b', 5)];
  expect(findExcessConnections(a, [a, b], limit)).toBe('the newcomer');
  expect(findExcessConnections(b, [b, a], limit)).toEqual([a]);
});

// Only the order of writes decides what connections at the same time read. Their clocks may have another order.
it.each(limitChoices)('no order of writes and clocks leaves more connections than the limit: %s', (how) => {
  const newcomers = fc.array(fc.record({ at: fc.nat(9), looks: fc.nat(8) }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(newcomers, fc.integer({ min: 1, max: 4 }), (all, maxConnections) => {
      const limit = { maxConnections, atMaxConnections: how };
      let rows: RegisteredConnection[] = [];
      const steps = all.flatMap(({ at, looks }, n) => {
        const me = one(`c${n}`, at);
        const write = () => rows.push(me);
        const look = () => {
          const goes = findExcessConnections(me, rows, limit);
          const gone = goes === 'the newcomer' ? [me] : goes;
          rows = rows.filter((row) => !gone.includes(row));
        };
        // Each connection writes before it reads.
        return [
          { when: n, step: write },
          { when: n + looks + 0.5, step: look },
        ];
      });
      for (const { step } of steps.toSorted((a, b) => a.when - b.when)) step();
      expect(rows.length).toBeLessThanOrEqual(maxConnections);
      if (how === 'oldest-out') expect(rows.length).toBeGreaterThan(0);
    }),
    { numRuns: 300 },
  );
});

describe('a connection limit', () => {
  it.each([1, 100, 1000])('may be %i', (maxConnections) => {
    expect(findLimitFault({ maxConnections, atMaxConnections: 'refuse' })).toBeUndefined();
  });

  it.each([0, -1, 1.5, Number.NaN, 1001])('cannot be %d', (maxConnections) => {
    expect(findLimitFault({ maxConnections, atMaxConnections: 'refuse' })).toMatch(/a whole number from 1 to 1000/);
  });

  it('rejects an unknown atMaxConnections', () => {
    const limit = { maxConnections: 1, atMaxConnections: 'newest-out' } as unknown as ConnectionLimit;
    expect(findLimitFault(limit)).toBe('atMaxConnections must be one of refuse, oldest-out (got "newest-out").');
  });
});
