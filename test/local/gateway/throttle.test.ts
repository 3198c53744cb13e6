import { afterAll, expect, it } from 'vitest';
import { createClock } from '../../../local/clock.ts';
import { createThrottling } from '../../../local/gateway/stage.ts';

const clock = createClock(() => 0);
afterAll(clock.close);

it('a throttle admits a burst, then requests at its rate', () => {
  const throttling = createThrottling(clock);
  const throttle = { bucket: 'prod', ratePerSecond: 10, burst: 3 };
  const admitted = (count: number) =>
    Array.from({ length: count }, () => throttling.admits(throttle)).filter(Boolean).length;
  expect(admitted(5)).toBe(3);
  clock.advance(100);
  expect(admitted(5)).toBe(1);
  clock.advance(60_000);
  expect(admitted(5)).toBe(3);
});

it('a throttle counts each bucket separately, and admits everything without a limit', () => {
  const throttling = createThrottling(clock);
  const one = { bucket: 'prod/one', ratePerSecond: 1, burst: 1 };
  expect(throttling.admits(one)).toBe(true);
  expect(throttling.admits(one)).toBe(false);
  expect(throttling.admits({ ...one, bucket: 'prod/other' })).toBe(true);
  expect(throttling.admits(undefined)).toBe(true);
});
