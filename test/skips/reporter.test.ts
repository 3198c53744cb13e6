import { expect, it } from 'vitest';
import { describeSkips, isAllowed } from './reporter.ts';

const php = { name: 'php', missing: 'There is no php on the PATH.', packages: ['php-cli'] } as const;
const java = { name: 'java', missing: 'There is no java on the PATH.', packages: ['default-jre-headless'] } as const;
const sessions = 'test/integration/sessions.test.ts';

it('lists skipped tests by reason, and the one line that installs what they need', () => {
  const skips = [
    { file: sessions, name: 'a', need: php },
    { file: sessions, name: 'b', need: php },
    { file: 'test/integration/registry.test.ts', name: 'c', need: java },
    { file: 'test/core/frames/frame.test.ts', name: 'd' },
  ];
  expect(describeSkips(skips).split('\n')).toEqual([
    ' Skipped: 4 tests',
    '  There is no php on the PATH.',
    `     2  ${sessions}`,
    '  There is no java on the PATH.',
    '     1  test/integration/registry.test.ts',
    '  Without a reason.',
    '     1  test/core/frames/frame.test.ts',
    '  Debian has what they need: apt-get install php-cli default-jre-headless',
    '',
  ]);
});

it.each([
  ['for what the machine may lack, on the list', { file: sessions, name: 'a', need: php }, true],
  ['for what the machine has', { file: sessions, name: 'a', need: java }, false],
  ['of a file that is not on the list', { file: 'test/integration/logout.test.ts', name: 'a', need: php }, false],
  ['without a reason', { file: sessions, name: 'a' }, false],
])('judges a skip %s', (_, skip, allowed) => {
  expect(isAllowed(skip, ['php'])).toBe(allowed);
});
