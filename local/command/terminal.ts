import { styleText } from 'node:util';

export type Style = Parameters<typeof styleText>[0];

/** @returns the text unchanged if colours are off */
export type Paint = (style: Style, text: string) => string;

/** FORCE_COLOR wins over NO_COLOR, as in Node: https://no-color.org, https://nodejs.org/api/cli.html#force_color1-2-3 */
export function wantsColour(
  { isTTY = false }: { readonly isTTY?: boolean },
  { FORCE_COLOR, NO_COLOR, TERM }: Readonly<Record<string, string | undefined>>,
): boolean {
  if (FORCE_COLOR !== undefined) return ['', '1', 'true', '2', '3'].includes(FORCE_COLOR);
  if (NO_COLOR !== undefined && NO_COLOR !== '') return false;
  return isTTY && TERM !== 'dumb';
}

/** Skips Node's own check, which looks only at this process's standard output. */
export function createPaint(isWanted: boolean): Paint {
  return isWanted ? (style, text) => styleText(style, text, { validateStream: false }) : (_, text) => text;
}

/** A heading and its lines. */
export type Row = readonly [heading: string, ...lines: readonly string[]];

/** The text after a successful start: rows in columns, then sentences. */
export function banner(title: string, rows: readonly Row[], sentences: readonly string[] = []): string {
  const width = Math.max(...rows.map(([heading]) => heading.length));
  const table = rows.flatMap(([heading, ...lines]) =>
    lines.map((line, index) => `    ${(index === 0 ? heading : '').padEnd(width)}  ${line}`),
  );
  return [
    '',
    `  ${title}`,
    '',
    ...table,
    '',
    ...[...sentences, 'Ctrl-C stops everything.'].map((each) => `  ${each}`),
    '',
  ].join('\n');
}
