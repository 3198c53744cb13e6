import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { delayed, dueAt, type Pace, shareOf } from '../../../functions/core/delivery/pace.ts';

const pace: Pace = { startsAt: 1_000_000, burst: 4_500, rate: 9_000 };

it('a pace has the burst due at once, and then its rate per second', () => {
  const seconds = [0, 4_499, 4_500, 13_500, 104_500 - 1_000].map((before) => (dueAt(pace, before) - 1_000_000) / 1000);
  expect(seconds).toEqual([0, 0, 0, 1, 11]);
});

describe('a share of a pace', () => {
  it('continues after the posts before, at its part of the rate', () => {
    const share = shareOf(pace, 13_500, 8, 0);
    expect(share).toEqual({ startsAt: 1_001_000, burst: 0, rate: 1_125 });
    expect(dueAt(share, 1_125)).toBe(1_002_000);
  });

  it('has its part of the remaining burst', () => {
    expect(shareOf(pace, 500, 4, 3)).toEqual({ startsAt: 1_000_000, burst: 1_000, rate: 2_250 });
  });

  it('begins after the shares before it', () => {
    expect(shareOf({ startsAt: 0, burst: 0, rate: 100 }, 5, 4, 3).startsAt).toBe(80);
  });

  it('together with all others never exceeds the whole pace', () => {
    fc.assert(
      fc.property(fc.nat(20_000), fc.integer({ min: 1, max: 8 }), fc.nat(20_000), (before, ways, later) => {
        const posted = (of: Pace, at: number) => of.burst + Math.max(0, ((at - of.startsAt) / 1000) * of.rate);
        const share = shareOf(pace, before, ways, 0);
        const at = share.startsAt + later;
        expect(before + ways * posted(share, at)).toBeLessThanOrEqual(Math.max(before, posted(pace, at)) + 0.01);
      }),
    );
  });
});

describe('a late worker', () => {
  it('catches up a quarter of a second', () => {
    expect(delayed(pace, 9_000, dueAt(pace, 9_000) + 250)).toEqual(pace);
    expect(delayed(pace, 9_000, 0)).toEqual(pace);
  });

  it('does not catch up more, so it does not post everything at once', () => {
    const late = delayed(pace, 9_000, dueAt(pace, 9_000) + 60_000);
    expect(dueAt(late, 9_000)).toBe(dueAt(pace, 9_000) + 59_750);
  });
});
