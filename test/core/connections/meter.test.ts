import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMeter, type Meter, mostWithin, stepWithin } from '../../../functions/core/connections/meter.ts';
import { MemoryCounters } from '../../fakes/counters.ts';

const minute = 60_000;

function scene(limit = 900, step = stepWithin(limit), milliseconds = minute) {
  const counters = new MemoryCounters();
  /** The meter of one Lambda environment. */
  const createOne = () => createMeter({ name: 'frames', milliseconds, most: mostWithin(limit), step }, counters);
  return { counters, createOne };
}

/** How many of these events at one instant are allowed. */
async function count(meter: Meter, times: number, { id = 'a', at = 0 } = {}): Promise<number> {
  let passed = 0;
  for (let n = 0; n < times; n += 1) if ((await meter(id, at)) === 'within') passed += 1;
  return passed;
}

describe('a rate meter', () => {
  it.each([1, 2, 3, 10, 63, 64, 300, 900, 100_000])(
    'allows a limit of %i, and less than 1.5 times as many',
    async (limit) => {
      const passed = await count(scene(limit).createOne(), 2 * limit);
      expect(passed).toBeGreaterThanOrEqual(limit);
      expect(passed).toBeLessThanOrEqual(1.5 * limit);
    },
  );

  it('allows as many again after a minute, and not before', async () => {
    const meter = scene().createOne();
    await count(meter, 2_000);
    expect(await count(meter, 100, { at: minute - 1 })).toBe(0);
    expect(await count(meter, 900, { at: 1.1 * minute })).toBe(900);
  });

  it('counts each connection separately', async () => {
    const meter = scene().createOne();
    await count(meter, 2_000);
    expect(await count(meter, 900, { id: 'b' })).toBe(900);
  });

  it('writes nothing for a client with few frames, and once per ten frames for a busy one', async () => {
    const { counters, createOne } = scene();
    const meter = createOne();
    for (let n = 0; n < 500; n += 1) await count(meter, 9, { id: `c${n}` });
    expect(counters.asked).toBe(0);
    await count(meter, 900);
    expect(counters.asked).toBe(90);
  });

  it('reads the counter once per slot for a connection above its limit', async () => {
    const { counters, createOne } = scene(10, 1, 1000);
    const meter = createOne();
    await count(meter, 1_000);
    expect(counters.asked).toBe(14);
    await count(meter, 1_000, { at: 100 });
    expect(counters.asked).toBe(15);
  });

  it('does not count refused frames, so a client above the limit still gets its limit', async () => {
    const meter = scene(10, 1, 1000).createOne();
    let passed = 0;
    for (let at = 0; at < 60_000; at += 50) passed += await count(meter, 1, { at });
    expect(passed).toBeGreaterThanOrEqual(600);
    expect(passed).toBeLessThanOrEqual(15 * 60);
  });

  it('allows less than 1.5 times the limit with 8 environments, and two steps more with each further one', async () => {
    for (const limit of [64, 100, 300, 900, 2_700]) {
      for (const environments of [1, 8, 50]) {
        const { createOne } = scene(limit);
        const meters = Array.from({ length: environments }, createOne);
        let passed = 0;
        // Across the instant where they clear their memory, which is the worst case: each loses its held counts.
        for (const at of [minute - 1, minute]) for (const meter of meters) passed += await count(meter, 20, { at });
        for (let n = 0; n < 20; n += 1)
          for (const meter of meters) passed += await count(meter, limit / 10, { at: minute });
        const bound = mostWithin(limit) + 2 * environments * (stepWithin(limit) - 1);
        expect(passed).toBeLessThanOrEqual(bound);
        if (environments <= 8) expect(bound).toBeLessThanOrEqual(1.5 * limit);
        expect(passed).toBeGreaterThanOrEqual(Math.min(limit, environments * 40));
      }
    }
  });

  it('fails if the counters fail, so that no frame is uncounted', async () => {
    const { counters, createOne } = scene(4);
    counters.add = async () => {
      throw new Error('the network is down');
    };
    await expect(count(createOne(), 4)).rejects.toThrow('the network is down');
  });
});

describe('a rate meter with a step of 1', () => {
  const limits = fc.integer({ min: 1, max: 40 });
  const order = fc.array(fc.record({ wait: fc.nat(300), late: fc.nat(3_000), environment: fc.nat(9) }), {
    maxLength: 250,
  });

  // With windows one after the other, 20 passed across their border. With separate counts, 60 passed in eight
  // environments.
  it('allows at most 1.5 times the limit in any second, for all environments and orders', async () => {
    await fc.assert(
      fc.asyncProperty(limits, order, async (limit, steps) => {
        const { createOne } = scene(limit, 1, 1000);
        const meters = Array.from({ length: 10 }, createOne);
        let clock = 1_000_000;
        const frames = steps.map(({ wait, late, environment }) => {
          clock += Math.round(wait / limit);
          return { at: clock, countedAt: clock + late, environment };
        });
        const passed: number[] = [];
        // After a cold start, a frame may be counted seconds after later ones.
        for (const { at, environment } of frames.toSorted((a, b) => a.countedAt - b.countedAt)) {
          if ((await meters[environment]?.('a', at)) === 'within') passed.push(at);
        }
        expect(mostInAnySecond(passed)).toBeLessThanOrEqual(1.5 * limit);
      }),
      { numRuns: 300 },
    );
  });

  it.each([2, 3, 5, 10, 11, 50])('refuses none of %i a second, at once or evenly, in any order', async (limit) => {
    const jitter = fc.array(fc.record({ early: fc.nat(100), late: fc.nat(3_000), environment: fc.nat(9) }), {
      minLength: 5 * limit,
      maxLength: 5 * limit,
    });
    await fc.assert(
      fc.asyncProperty(fc.nat(2_000), jitter, async (begin, frames) => {
        const { createOne } = scene(limit, 1, 1000);
        const meters = Array.from({ length: 10 }, createOne);
        // Each frame may arrive early, by up to a tenth of its pause.
        const evenly = frames.map((frame, n) => ({
          ...frame,
          at: begin + ((n + 1 - frame.early / 1_000) * 1000) / limit,
        }));
        const atOnce = frames.slice(0, limit).map((frame) => ({ ...frame, at: begin + 8_000 }));
        for (const { at, environment } of [...evenly, ...atOnce].toSorted((a, b) => a.at + a.late - b.at - b.late)) {
          expect(await meters[environment]?.('a', at)).toBe('within');
        }
      }),
      { numRuns: 50 },
    );
  });
});

/** In a period of 1,000 ms, including both ends. */
function mostInAnySecond(instants: readonly number[]): number {
  return Math.max(0, ...instants.map((begin) => instants.filter((at) => at >= begin && at < begin + 1000).length));
}
