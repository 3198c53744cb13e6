import { describe, expect, it } from 'vitest';
import type { Claims } from '../../functions/core/connections/claims.ts';
import { ManualClock } from '../fakes/clock.ts';

/** The contract of every Claims. `create` makes one without claims, with the time of `clock`. */
export function describeClaims(name: string, create: (clock: ManualClock) => Promise<Claims>): void {
  async function scene() {
    const clock = new ManualClock('2026-11-20T12:00:00.789Z');
    const inAMinute = Math.floor(clock.now() / 1000) + 60;
    return { clock, inAMinute, claims: await create(clock) };
  }

  describe(`${name}: a claim`, () => {
    it('is given to one caller, and to no other until it is released', async () => {
      const { claims, inAMinute } = await scene();
      expect(await claims.claim('tick:1', inAMinute)).toBe(true);
      expect(await claims.claim('tick:1', inAMinute)).toBe(false);
      await claims.release('tick:1');
      expect(await claims.claim('tick:1', inAMinute)).toBe(true);
    });

    it('is given to exactly one of many callers at once', async () => {
      const { claims, inAMinute } = await scene();
      const answers = await Promise.all(Array.from({ length: 20 }, () => claims.claim('tick:1', inAMinute)));
      expect(answers.filter((isOurs) => isOurs)).toEqual([true]);
    });

    it('is free at its expiry, although its row may still exist, and is then given to one caller', async () => {
      const { clock, claims, inAMinute } = await scene();
      await claims.claim('tick:1', inAMinute);
      await clock.advance(59_000);
      expect(await claims.claim('tick:1', inAMinute + 60)).toBe(false);
      await clock.advance(1_000);
      const answers = await Promise.all(Array.from({ length: 5 }, () => claims.claim('tick:1', inAMinute + 60)));
      expect(answers.filter((isOurs) => isOurs)).toEqual([true]);
      await clock.advance(59_000);
      expect(await claims.claim('tick:1', inAMinute + 120)).toBe(false);
    });

    it('can be looked up without being taken', async () => {
      const { clock, claims, inAMinute } = await scene();
      expect(await claims.holds('tick:1')).toBe(false);
      expect(await claims.claim('tick:1', inAMinute)).toBe(true);
      expect(await claims.holds('tick:1')).toBe(true);
      await clock.advance(60_000);
      expect(await claims.holds('tick:1')).toBe(false);
    });

    it('does not last longer after a claim that failed', async () => {
      const { clock, claims, inAMinute } = await scene();
      await claims.claim('tick:1', inAMinute);
      await claims.claim('tick:1', inAMinute + 600);
      await clock.advance(60_000);
      expect(await claims.claim('tick:1', inAMinute + 600)).toBe(true);
    });

    it('is independent of claims with other names', async () => {
      const { claims, inAMinute } = await scene();
      await claims.claim('tick:1', inAMinute);
      expect(await claims.claim('tick:2', inAMinute)).toBe(true);
      await claims.release('tick:2');
      expect(await claims.claim('tick:1', inAMinute)).toBe(false);
    });

    it('may be released twice, or without being held', async () => {
      const { claims } = await scene();
      await claims.release('tick:1');
      await claims.release('tick:1');
    });
  });
}
