import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const read = (path: string) => readFileSync(join(import.meta.dirname, '..', '..', path), 'utf8');

it('each line of docs/protocol.md is a test over real sockets, or said to be elsewhere', () => {
  const lines = [...read('docs/protocol.md').matchAll(/^\| (\d+) \|/gm)].map(([, number]) => number);
  const titles = [...read('test/protocol/protocol.test.ts').matchAll(/^ {2}it\('([\d, ]+):/gm)];
  const tested = new Set(titles.flatMap(([, numbers = '']) => numbers.split(', ')));
  expect(lines.filter((number) => number !== '34').sort()).toEqual([...tested].sort());
});
