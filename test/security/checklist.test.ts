import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sections } from '../../security/checklist.ts';
import { fits, isThere, patternToRun } from '../../security/named-tests.ts';
import { begin, end, markdownTable } from '../../security/table.ts';

const lines = sections.flatMap((section) => section.lines);

describe('the security checklist', () => {
  it('is in SECURITY.md: `npm run security -- --markdown` prints what belongs there', () => {
    const text = readFileSync(join(import.meta.dirname, '../../SECURITY.md'), 'utf8');
    const table = text.slice(text.indexOf(begin), text.indexOf(end) + end.length);
    expect(table).toBe(markdownTable());
  });

  it('names only tests that there are', () => {
    const missing = lines.flatMap(({ tests }) => tests).filter((test) => !isThere(test));
    expect(missing).toEqual([]);
  });

  it('names the story of a test in a browser, of which no step runs alone', () => {
    const steps = lines.flatMap(({ tests }) => tests).filter(({ file }) => file.startsWith('test/e2e/'));
    expect(steps.filter(({ title }) => !title.includes(' › '))).toEqual([]);
    expect(steps.map(patternToRun)).toContain('A person with a browser .*');
  });

  it('has a test or a reason for each line', () => {
    const bare = lines.filter(({ tests, reason }) => tests.length === 0 && reason === undefined);
    expect(bare).toEqual([]);
  });

  it('leaves no line out', () => {
    const ranges = [
      [1, 8],
      [10, 27],
      [30, 38],
      [40, 48],
      [50, 57],
      [60, 65],
    ] as const;
    const expected = ranges.flatMap(([first, last]) =>
      Array.from({ length: last - first + 1 }, (_, index) => `S${String(first + index).padStart(2, '0')}`),
    );
    expect(lines.map(({ number }) => number)).toEqual(expected);
  });
});

describe('a test that a line names', () => {
  const named = (title: string) => ({ file: 'test/x.test.ts', title });

  it('is found by its whole title, whatever stands before it', () => {
    expect(fits(named('refuses a second use'), 'a ticket refuses a second use')).toBe(true);
    expect(fits(named('refuses a second use'), 'a ticket refuses a second use, too')).toBe(false);
    expect(fits(named('second use'), 'a ticket refuses a second use')).toBe(true);
    expect(fits(named('cond use'), 'a ticket refuses a second use')).toBe(false);
  });

  it('is every one of its table, and none of another suite', () => {
    expect(fits(named('at the door › refuses %s (%i s)'), 'at the door refuses null (3 s)')).toBe(true);
    expect(fits(named('at the door › refuses %s'), 'on the list refuses null')).toBe(false);
    expect(fits(named(`on %s, PHP › \${says}: \${outcome}`), 'on a kept connection, PHP says 403: refused')).toBe(true);
  });
});
