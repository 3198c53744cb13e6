import type { Spread } from './statistics.ts';

/** One measured number. */
export interface Figure {
  /** `<benchmark>/<what>`; docs/benchmarks.md explains each one. */
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** The promised bound for `value`, or null. */
  readonly limit: number | null;
  readonly better: 'lower' | 'higher';
  /** The lowest and highest of the rounds; `value` is their median. */
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

/** Three digits are already more precise than a shared machine allows. */
function round(value: number): number {
  return Number(value.toPrecision(3));
}
