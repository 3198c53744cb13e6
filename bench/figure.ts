import type { Spread } from './statistics.ts';

/** One number that a benchmark found. */
export interface Figure {
  /** `<benchmark>/<what>`; docs/benchmarks.md says what each one means. */
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What `value` promises not to be worse than; null where nothing is promised. */
  readonly limit: number | null;
  readonly better: 'lower' | 'higher';
  /** Lowest and highest of the rounds whose median `value` is. */
  readonly range?: { readonly min: number; readonly max: number };
}

interface Meaning {
  readonly unit: string;
  readonly limit?: number;
  readonly better?: Figure['better'];
}

export function figure(name: string, measured: Spread | number, { unit, limit, better = 'lower' }: Meaning): Figure {
  const common = { name, unit, limit: limit ?? null, better };
  if (typeof measured === 'number') return { ...common, value: round(measured) };
  const { median, min, max } = measured;
  return { ...common, value: round(median), range: { min: round(min), max: round(max) } };
}

export function isWithinLimit({ value, limit, better }: Figure): boolean {
  if (limit === null) return true;
  return better === 'lower' ? value <= limit : value >= limit;
}

/** Three digits are more than the noise of a shared machine leaves. */
function round(value: number): number {
  return Number(value.toPrecision(3));
}
