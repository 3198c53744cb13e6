import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createEndWatch } from '../../../functions/core/sessions/end-watch.ts';
import { soonMs } from '../../../functions/core/sessions/live-sessions.ts';
import { MemoryClaims } from '../../fakes/claims.ts';
import { ManualClock } from '../../fakes/clock.ts';

function scene() {
  const clock = new ManualClock();
  const started: number[] = [];
  const watch = createEndWatch(new MemoryClaims(clock), async (endsAt) => void started.push(endsAt), clock);
  return { clock, started, watch, nowSeconds: Math.floor(clock.now() / 1000) };
}

it('has somebody look one to eleven seconds after every end that is soon', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: -5, max: soonMs / 1000 - 1 }), { minLength: 1 }), async (ends) => {
      const { started, watch, nowSeconds } = scene();
      for (const end of ends) await watch(nowSeconds + end);
      for (const end of ends.map((seconds) => nowSeconds + seconds))
        expect(started.filter((at) => at >= end + 1 && at <= end + 11)).not.toEqual([]);
      expect(started.length).toBe(new Set(started).size);
      expect(started.length).toBeLessThanOrEqual(soonMs / 10_000 + 2);
    }),
  );
});

it('leaves what ends later to the next run', async () => {
  const { started, watch, nowSeconds } = scene();
  await watch(nowSeconds + soonMs / 1000);
  expect(started).toEqual([]);
});
