/**
 * Pages and source that are plain English: the test fails when a sentence there is not. Each line is a file, or a folder with a
 * slash at its end. Add what you have finished, in alphabetical order.
 */
export const finished: string[] = [
  'README.md',
  'docs/README.md',
  'docs/channels.md',
  'docs/clients.md',
  'docs/comparison.md',
  'docs/costs.md',
  'docs/deploying.md',
  'docs/frameworks/',
  'docs/logout.md',
  'docs/modes.md',
  'docs/moving-from-pusher.md',
  'docs/moving-from-socket-io.md',
  'docs/options.md',
  'docs/page.md',
  'docs/php.md',
  'docs/publishing.md',
  'docs/sessions.md',
  'docs/snippets/',
  'docs/strangers.md',
  'docs/web-servers.md',
  'test/docs/finished.ts',
  'test/docs/links.test.ts',
  'test/e2e/first-event.test.ts',
  'test/integration/moving.test.ts',
];
