/** The values of the rounds of one run. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** @throws RangeError without values: a benchmark that measured nothing must not print a figure */
export function median(values: readonly number[]): number {
  const sorted = sort(values);
  const middle = (sorted.length - 1) / 2;
  return (at(sorted, Math.floor(middle)) + at(sorted, Math.ceil(middle))) / 2;
}

/** By nearest rank: always one of the values. `share` is 0.99 for p99. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = sort(values);
  return at(sorted, Math.min(sorted.length, Math.max(1, Math.ceil(share * sorted.length))) - 1);
}

export function spread(rounds: readonly number[]): Spread {
  const sorted = sort(rounds);
  return { median: median(sorted), min: at(sorted, 0), max: at(sorted, sorted.length - 1) };
}

/**
 * Combines round by round, never median by median: the two sides of a round share the machine's other load, so their
 * difference or ratio is more precise than that of two medians.
 */
export function spreadOfPairs(
  left: readonly number[],
  right: readonly number[],
  combine: (left: number, right: number) => number,
): Spread {
  if (left.length !== right.length) throw new RangeError('Every round has one value on each side.');
  return spread(left.map((value, round) => combine(value, at(right, round))));
}

function sort(values: readonly number[]): readonly number[] {
  return [...values].sort((a, b) => a - b);
}

function at(values: readonly number[], index: number): number {
  const value = values[index];
  if (value === undefined) throw new RangeError('There are no values to make a figure of.');
  return value;
}
