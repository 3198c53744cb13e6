/**
 * Pages and source that are plain English: the test fails when a sentence there is not. Each line is a file, or a folder with a
 * slash at its end. Add what you have finished, in alphabetical order.
 */
export const finished: string[] = [
  'README.md',
  'docs/comparison.md',
  'docs/costs.md',
  'docs/deploying.md',
  'docs/options.md',
  'docs/page.md',
  'docs/snippets/start/',
  'test/e2e/first-event.test.ts',
];
