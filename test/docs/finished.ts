/**
 * Pages and source that are plain English: the test fails when a sentence there is not. Each line is a file, or a folder with a
 * slash at its end. Add what you have finished, in alphabetical order.
 */
export const finished: string[] = [
  'CHANGELOG.md',
  'SECURITY.md',
  'docs/benchmarks.md',
  'docs/decisions/',
  'docs/doctor.md',
  'docs/limits.md',
  'docs/local-cloud.md',
  'docs/operations.md',
  'docs/protocol.md',
];
