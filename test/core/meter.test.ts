import { describe, expect, it } from 'vitest';
import { createMeter, type Meter } from '../../functions/core/meter.ts';
import { ManualClock } from '../fakes/clock.ts';
import { MemoryCounters } from '../fakes/counters.ts';

function scene(limit = 300) {
  const clock = new ManualClock();
  const counters = new MemoryCounters();
  /** As one Lambda environment has it. */
  const createOne = () => createMeter({ name: 'frames', limit, windowMs: 60_000 }, counters, clock);
  return { clock, counters, createOne };
}

async function count(meter: Meter, times: number, id = 'a'): Promise<string> {
  let verdict = '';
  for (let n = 0; n < times; n += 1) verdict = await meter(id);
  return verdict;
}

describe('a meter', () => {
  it('lets pass what is allowed, refuses what is more, and calls three times as much a flood', async () => {
    const meter = scene().createOne();
    expect(await count(meter, 300)).toBe('within');
    expect(await count(meter, 1)).toBe('over');
    expect(await count(meter, 599)).toBe('over');
    expect(await count(meter, 1)).toBe('flood');
  });

  it('begins anew with each window', async () => {
    const { clock, createOne } = scene();
    const meter = createOne();
    await count(meter, 400);
    await clock.advance(60_000);
    expect(await count(meter, 300)).toBe('within');
  });

  it('counts each connection by itself', async () => {
    const meter = scene().createOne();
    await count(meter, 301);
    expect(await count(meter, 300, 'b')).toBe('within');
  });

  it('costs who says little no write at all, and who says much one for each tenth of the limit', async () => {
    const { counters, createOne } = scene();
    const meter = createOne();
    for (let n = 0; n < 500; n += 1) await count(meter, 29, `c${n}`);
    expect(counters.asked).toBe(0);
    await count(meter, 300);
    expect(counters.asked).toBe(10);
  });

  it('knows of what went through other environments, but for what each has not told yet', async () => {
    const { createOne } = scene();
    const environments = Array.from({ length: 5 }, createOne);
    const verdicts: string[] = [];
    for (let n = 0; n < 500; n += 1) verdicts.push(await count(environments[n % 5] as Meter, 1));
    const first = verdicts.indexOf('over');
    expect(first).toBeGreaterThanOrEqual(300);
    expect(first).toBeLessThanOrEqual(300 + 5 * 29);
    expect(verdicts.slice(first + 5 * 30)).not.toContain('within');
  });

  it('works with limits that are small', async () => {
    for (const limit of [1, 2, 3, 10]) {
      const meter = scene(limit).createOne();
      expect(await count(meter, limit)).toBe('within');
      expect(await count(meter, 1)).toBe('over');
    }
  });

  it('fails when the counters do, so that nobody speaks uncounted', async () => {
    const { counters, createOne } = scene(4);
    counters.add = async () => {
      throw new Error('the network is down');
    };
    await expect(count(createOne(), 4)).rejects.toThrow('the network is down');
  });
});
