import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { NamedTest } from './checklist.ts';

const project = join(import.meta.dirname, '..');

/** Matches vitest's full name of such a test: `%s` and `$name` stand for anything, and so do suites in between. */
export function patternOf({ title }: NamedTest): string {
  return partsOf(title)
    .map((part) =>
      part
        .split(placeholder)
        .map((text) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
        .join('.*'),
    )
    .join(' (?:.* )?');
}

/** The tests to run for it. A browser story runs whole, because each step needs those before it. */
export function patternToRun(test: NamedTest): string {
  if (!test.file.startsWith('test/e2e/')) return patternOf(test);
  const [story = ''] = partsOf(test.title);
  return `${patternOf({ ...test, title: story })} .*`;
}

export function fits(test: NamedTest, fullName: string): boolean {
  return new RegExp(`(?:^| )${patternOf(test)}$`, 's').test(fullName);
}

/** Whether the file, or a contract that it runs, has a test with exactly this title. */
export function isThere({ file, title }: NamedTest): boolean {
  const path = join(project, file);
  if (!existsSync(path)) return false;
  const source = textOf(path);
  return partsOf(title).every((part) => ["'", '"', '`'].some((quote) => source.includes(quote + part + quote)));
}

/** The source of the test file and of the contracts that it runs. */
function textOf(path: string): string {
  const text = readFileSync(path, 'utf8');
  const imports = [...text.matchAll(/from '(\.[\w./-]+\.ts)'/g)].map(([, name = '']) => join(dirname(path), name));
  const contracts = imports.filter((each) => dirname(each).endsWith('test/contract'));
  return [text, ...contracts.map(textOf)].join('\n');
}

function partsOf(title: string): readonly string[] {
  return title.split(' › ');
}

/** https://vitest.dev/api/test#test-each, and the placeholders of template literals. */
const placeholder = /%(?:\.\d+)?[sijdo]|\$\{\w+\}|\$\w+/;
