import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { unknowns } from '../../local/unknowns.ts';

const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'local-cloud.md'), 'utf8');
const [, section = ''] = /^## What is not known about AWS[^\n]*\n(.*?)^## /ms.exec(page) ?? [];
const rows = section
  .split('\n')
  .filter((line) => line.startsWith('|'))
  .slice(2)
  .map((line) => line.split('|').map((cell) => cell.trim()));

describe('the list of undocumented AWS behaviours', () => {
  it('is the same list in the documentation and on the command line', () => {
    expect(rows.map(([, question, choice]) => [question, choice])).toEqual(
      unknowns.map(({ question, choice }) => [question, choice]),
    );
  });

  it('has a valid source and no duplicates', () => {
    for (const { source } of unknowns) expect(() => new URL(source)).not.toThrow();
    expect(new Set(unknowns.map(({ question }) => question)).size).toBe(unknowns.length);
  });
});
