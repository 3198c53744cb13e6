import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const source = readFileSync(new URL('../../php/session-socket.php', import.meta.url), 'utf8');
const secretNames =
  'credentials|secret|server|sessionId|oldSessionId|newSessionId|cookie|cookies|cookieHeader|claims|request|write';

// From PHP 8.2 on a trace shows nothing of what is marked. In 7.4 `#[` begins a comment, so that the mark has a line of
// its own.
it('every parameter that is or holds a secret is marked for traces, on a line of its own', () => {
  const heads = [...source.matchAll(/^ *function (\w+)\(([^{]*?)\)(?:: \??\w+)?\s*\{/gm)];
  expect(heads.length).toBeGreaterThan(50);
  const unmarked = heads.flatMap(([, name, parameters = '']) =>
    parameters
      .split(',')
      .filter((each) => new RegExp(`\\$(${secretNames})\\b`).test(each))
      .filter((each) => !/^\s*#\[\\SensitiveParameter\]\n/.test(each))
      .map((each) => `${name}: ${each.trim()}`),
  );
  // Of these it is the name alone.
  expect(unmarked).toEqual(['is_named: string $cookie']);
});
