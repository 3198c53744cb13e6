import { availableParallelism, loadavg } from 'node:os';
import { type Figure, isWithinLimit } from './figure.ts';

const heads = ['figure', 'median', 'min–max', 'limit', 'better'] as const;

/** Prints JSON with only the fields that a program compares. */
export function asJson(figures: readonly Figure[]): string {
  const rows = figures.map(({ name, value, unit, limit, better }) => ({ name, value, unit, limit, better }));
  return JSON.stringify(rows, null, 2);
}

export function asTable(figures: readonly Figure[]): string {
  const rows = pad([heads, ...figures.map(cells)]);
  return rows.map((row) => row.join('  ').trimEnd()).join('\n');
}

/** Prints the table of docs/benchmarks.md, formatted, below the description of the machine. */
export function asMarkdown(figures: readonly Figure[], machine: string): string {
  const named = figures.map((each) => cells({ ...each, name: `\`${each.name}\`` }));
  const [head = [], ...rows] = pad([heads, ...named]);
  const rule = head.map((cell) => '-'.repeat(cell.length));
  return [`${machine}.`, '', ...[head, rule, ...rows].map((row) => `| ${row.join(' | ')} |`)].join('\n');
}

function pad(rows: readonly (readonly string[])[]): string[][] {
  const widths = heads.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)));
}

/** The machine behind the figures. At the start, its load is that of the minute before. */
export function describeMachine(): string {
  const [load = 0] = loadavg();
  return `${availableParallelism()} cores, Node ${process.versions.node}, load ${load.toFixed(1)} at the start`;
}

function cells(each: Figure): string[] {
  const { name, value, unit, limit, better, range } = each;
  const missed = isWithinLimit(each) ? '' : ' MISSED';
  return [
    name,
    `${show(value)} ${unit}`,
    range === undefined ? '' : `${show(range.min)}–${show(range.max)}`,
    limit === null ? '' : `${show(limit)}${missed}`,
    better,
  ];
}

function show(value: number): string {
  return value.toLocaleString('en-US', { maximumSignificantDigits: 3 });
}
