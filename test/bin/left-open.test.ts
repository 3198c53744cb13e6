import { expect, it } from 'vitest';
import { sayWhatIsLeftOpen } from '../../bin/left-open.ts';

// Once `-c mode=session-id` was typed and once forgotten: the second deployment would let other people in.
it.each([
  ['which of mode and tokenFrom nobody set', {}, 'sets mode and tokenFrom;'],
  ['that nobody set tokenFrom', { mode: 'ticket' }, 'sets tokenFrom;'],
  ['that nobody set mode', { tokenFrom: 'query' }, 'sets mode;'],
])('a deployment says %s', (_, context: Readonly<Record<string, string>>, words) => {
  expect(sayWhatIsLeftOpen({ mode: 'ticket', tokenFrom: 'query' }, (name) => context[name])).toContain(words);
});

it('a deployment says nothing where both are set', () => {
  const context: Readonly<Record<string, string>> = { mode: 'cookie', tokenFrom: 'cookie' };
  expect(sayWhatIsLeftOpen({ mode: 'cookie', tokenFrom: 'cookie' }, (name) => context[name])).toBeUndefined();
});
