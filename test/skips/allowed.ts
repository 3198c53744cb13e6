import type { Need } from '../needs.ts';

/** More than these, and a machine that lacks something tests too little. Today 33 are skipped where there is only Node. */
export const mostSkips = 40;

/** The tests that CI lets be skipped where the machine lacks something, and why they cannot run without it. */
export const allowedSkips: readonly {
  readonly need: Need['name'];
  /** A file, or what the paths of several begin with. */
  readonly file: string;
  readonly because: string;
}[] = [
  { need: 'browser', file: 'test/e2e/', because: 'They open pages.' },
  { need: 'jq', file: 'test/docs/secret-commands.test.ts', because: 'The commands that it pastes call jq.' },
  { need: 'java', file: 'test/integration/dynamodb-', because: 'DynamoDB Local is a Java program.' },
  { need: 'php', file: 'test/e2e/first-event.test.ts', because: 'The README starts the app with `php -S`.' },
  {
    need: 'php',
    file: 'test/integration/doctor',
    because: 'A slow page holds the lock of the session while another is asked: two requests at the same time.',
  },
  {
    need: 'web servers',
    file: 'test/integration/web-servers.test.ts',
    because: 'The lines of docs/web-servers.md are for nginx, Apache and php-fpm.',
  },
  {
    need: 'php',
    file: 'test/integration/web-servers.test.ts',
    because: 'The lines of docs/web-servers.md are for `php -S`.',
  },
  {
    need: 'php',
    file: 'test/integration/sessions.test.ts',
    because: 'Another tab holds the session: two requests at the same time.',
  },
  {
    need: 'php',
    file: 'test/integration/php-',
    because: 'Locks between requests, and the start and the end of `php -S` itself.',
  },
  {
    need: 'php',
    file: 'test/integration/npm-start.test.ts',
    because: '`npm start` takes the PHP of the machine; it is tried with WebAssembly as well.',
  },
];
