import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const folder = join(import.meta.dirname, '..', '..', 'functions');
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));

/** Whether it is there, or a string at all, may be asked in any way. */
const harmless = /(?:undefined|null|''|'string')/.source;
const secrets = /\b(?:sessionId|sessionHash|secret|signature|token|ticket)\b/.source;
const plainly = new RegExp(
  `${secrets}\\)?\\s*[!=]==(?!\\s*${harmless})|(?<!${harmless})\\s[!=]==\\s*(?:[\\w.]+\\.)?${secrets}(?!\\.)`,
);

describe('a secret', () => {
  // `===` ends at the first character that differs, and how long it took tells how many were right.
  it('is compared in constant time, never with ===', () => {
    const found = files.filter((file) => plainly.test(readFileSync(join(folder, file), 'utf8')));
    expect(found).toEqual([]);
  });

  it.each([
    ['session.sessionId === asked', true],
    ['asked !== session.sessionId', true],
    ['sign(secret) === signature', true],
    ['sessionId === undefined', false],
    ["typeof token !== 'string'", false],
    ["session.sessionId === ''", false],
  ])('is looked for in a way that finds %s: %s', (code, isFound) => {
    expect(plainly.test(code)).toBe(isFound);
  });
});
