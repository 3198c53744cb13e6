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
