import fc from 'fast-check';
import { expect, it } from 'vitest';
import { pointsBetween, timesAsFar } from '../../../functions/core/delivery/key-range.ts';

const ascii = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
  minLength: 1,
});

it('points split the range between two ids into equal shares', () => {
  expect(pointsBetween('A', 'I', 7)).toEqual([...'BCDEFGH']);
  expect(pointsBetween('L0SM9cOFvHcCIhw=', 'L0SM9cOFvHcCIhw=', 7)).toEqual([]);
});

it('points exist between ids with a common prefix, like those of one hour', () => {
  const points = pointsBetween('L0SM9cOFvHcCIhw=', 'L0SNxKPeoAMCFjA=', 7);
  expect(points).toHaveLength(7);
  for (const point of points) expect(point.startsWith('L0S')).toBe(true);
});

it('points lie between any two ids, in order and without duplicates', () => {
  fc.assert(
    fc.property(ascii, ascii, fc.integer({ min: 1, max: 20 }), (one, other, count) => {
      const [first = '', last = ''] = [one, other].sort();
      const points = pointsBetween(first, last, count);
      expect(points.length).toBeLessThanOrEqual(count);
      const all = [first, ...points, ...(first === last ? [] : [last])];
      expect(all).toEqual([...new Set(all)].sort());
      for (const point of points) expect(point).toMatch(/^\p{ASCII}+$/u);
    }),
  );
});

it('the distance to the last id is measured in lengths of the known range', () => {
  expect(timesAsFar('A', 'C', 'I')).toBe(3);
  expect(timesAsFar('L0SA', 'L0SC', 'L0SD')).toBe(0.5);
  expect(timesAsFar('C', 'C', 'I')).toBe(0);
  expect(timesAsFar('A', 'C', 'C')).toBe(0);
});
