import { describe, expect, it } from 'vitest';
import { median, percentile, spread, spreadOfPairs } from '../../bench/statistics.ts';

describe('the statistics of the benchmarks', () => {
  it('take the middle value, and between two the mean of them', () => {
    expect(median([30, 1, 2])).toBe(2);
    expect(median([30, 1, 2, 4])).toBe(3);
  });

  // `[9, 10].sort()` is [10, 9]: the default order is that of text.
  it('order numbers as numbers', () => {
    expect(median([9, 10, 100])).toBe(10);
  });

  it('give a percentile that was really seen', () => {
    const oneToHundred = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(percentile(oneToHundred, 0.5)).toBe(50);
    expect(percentile(oneToHundred, 0.99)).toBe(99);
    expect(percentile(oneToHundred, 1)).toBe(100);
    expect(percentile([7], 0.99)).toBe(7);
  });

  it('show the lowest and the highest round beside the median', () => {
    expect(spread([5, 1, 3])).toEqual({ median: 3, min: 1, max: 5 });
  });

  it('compare within a round, so that a slow moment of the machine hits both sides', () => {
    const overFloor = spreadOfPairs([11, 21, 101], [1, 11, 91], (ours, floor) => ours - floor);
    expect(overFloor).toEqual({ median: 10, min: 10, max: 10 });
  });

  it('refuse to make a figure of nothing, or of halves of rounds', () => {
    expect(() => spread([])).toThrow(RangeError);
    expect(() => percentile([], 0.5)).toThrow(RangeError);
    expect(() => spreadOfPairs([1, 2], [1], Math.max)).toThrow('Every round has one value on each side.');
  });

  it('leave the values that they were given in their order', () => {
    const values = [3, 1, 2];
    spread(values);
    expect(values).toEqual([3, 1, 2]);
  });
});
