import { afterAll, expect, it } from 'vitest';
import { createClock } from '../../local/clock.ts';
import { createThrottling } from '../../local/gateway/throttle.ts';

const clock = createClock(() => 0);
afterAll(clock.close);

it('lets a burst through, then as many as the rate allows', () => {
  const throttling = createThrottling(clock);
  const throttle = { ratePerSecond: 10, burst: 3 };
  const admitted = (count: number) =>
    Array.from({ length: count }, () => throttling.admits('prod/talk', throttle)).filter(Boolean).length;
  expect(admitted(5)).toBe(3);
  clock.advance(100);
  expect(admitted(5)).toBe(1);
  clock.advance(60_000);
  expect(admitted(5)).toBe(3);
});

it('counts every route for itself, and nothing where there is no limit', () => {
  const throttling = createThrottling(clock);
  const throttle = { ratePerSecond: 1, burst: 1 };
  expect(throttling.admits('prod/one', throttle)).toBe(true);
  expect(throttling.admits('prod/one', throttle)).toBe(false);
  expect(throttling.admits('prod/other', throttle)).toBe(true);
  expect(throttling.admits('prod/one', undefined)).toBe(true);
});
