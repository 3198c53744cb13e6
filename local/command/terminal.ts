import { styleText } from 'node:util';

export type Style = Parameters<typeof styleText>[0];

/** @returns the text as it is where no colours are wanted */
export type Paint = (style: Style, text: string) => string;

/** https://no-color.org, and FORCE_COLOR before it, as in Node itself: https://nodejs.org/api/cli.html#force_color1-2-3 */
export function wantsColour(
  { isTTY = false }: { readonly isTTY?: boolean },
  { FORCE_COLOR, NO_COLOR, TERM }: Readonly<Record<string, string | undefined>>,
): boolean {
  if (FORCE_COLOR !== undefined) return ['', '1', 'true', '2', '3'].includes(FORCE_COLOR);
  if (NO_COLOR !== undefined && NO_COLOR !== '') return false;
  return isTTY && TERM !== 'dumb';
}

/** Node's own opinion is not asked, because it is about the standard output of this process. */
export function createPaint(isWanted: boolean): Paint {
  return isWanted ? (style, text) => styleText(style, text, { validateStream: false }) : (_, text) => text;
}

/** A heading and what follows it, one line each; several when there are several. */
export type Row = readonly [heading: string, ...lines: readonly string[]];

/** What is printed once everything runs: rows in columns, then sentences. */
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
