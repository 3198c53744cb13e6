/** `npm run conformance`: runs the suite and prints one line for each line of the checklist. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exitCodeOf, readOptions } from '../../local/command/arguments.ts';
import { notDone, numbersIn, sections } from './checklist.ts';
import { markdownTable } from './table.ts';
import { webSocketUrlVariable } from './target.ts';

interface Assertion {
  readonly title: string;
  readonly fullName: string;
  readonly status: 'passed' | 'failed' | 'skipped' | 'pending' | 'todo';
}

type Result = 'passed' | 'failed' | 'skipped' | 'untested';

const project = join(import.meta.dirname, '..', '..');

const usage = `Holds the local cloud against what is known of API Gateway, line by line.

  npm run conformance [-- --markdown]

  --markdown   print the table of docs/local-cloud.md, and run nothing
  --help       this text

With ${webSocketUrlVariable}=wss://… the tests that are only clients run against that stage.
`;

process.exitCode = await exitCodeOf(async () => {
  const option = { type: 'boolean', default: false } as const;
  const { help, markdown } = readOptions(process.argv.slice(2), { help: option, markdown: option });
  if (!help && !markdown) return print(await run());
  console.log(help ? usage : markdownTable());
  return 0;
});

async function run(): Promise<readonly Assertion[]> {
  const folder = await mkdtemp(join(tmpdir(), 'conformance-'));
  const file = join(folder, 'report.json');
  const vitest = join(project, 'node_modules', 'vitest', 'vitest.mjs');
  const reporters = ['--reporter=dot', '--reporter=json', `--outputFile.json=${file}`];
  const child = spawn(process.execPath, [vitest, 'run', '--project', 'integration', 'test/conformance', ...reporters], {
    cwd: project,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  await once(child, 'exit');
  const report = JSON.parse(await readFile(file, 'utf8')) as {
    readonly testResults: readonly { readonly assertionResults: readonly Assertion[] }[];
  };
  await rm(folder, { recursive: true });
  return report.testResults.flatMap(({ assertionResults }) => assertionResults);
}

/** @returns the exit code */
function print(assertions: readonly Assertion[]): number {
  const resultOf = (number: string): Result => {
    const statuses = assertions.filter(({ title }) => numbersIn(title).includes(number)).map(({ status }) => status);
    if (statuses.includes('failed')) return 'failed';
    if (statuses.includes('passed')) return 'passed';
    return statuses.length === 0 ? 'untested' : 'skipped';
  };
  const results: Result[] = [];
  const say = (number: string, behaviour: string, source: string) => {
    const result = resultOf(number);
    results.push(result);
    console.log(`${number.padStart(4)}  ${result.padEnd(8)}  ${behaviour}\n                ${source}`);
  };
  for (const { title, lines } of sections) {
    console.log(`\n${title}`);
    for (const { number, behaviour, here, mark, source } of lines) {
      say(number, here === undefined ? behaviour : `${behaviour}. Here: ${here}`, `${mark}: ${source}`);
    }
  }
  console.log('\nNot done, though other emulators do');
  for (const { number, what, contradicts } of notDone) say(number, what, `see ${contradicts}`);

  for (const { fullName, status } of assertions) if (status === 'failed') console.log(`\nfailed: ${fullName}`);
  const skipped = results.filter((result) => result === 'skipped').length;
  if (skipped > 0) {
    console.log(
      `\n${skipped} skipped: they look at a log, move a clock or change a template, and ${webSocketUrlVariable}`,
    );
    console.log('names a stage that is deployed.');
  }
  const passed = results.filter((result) => result === 'passed').length;
  console.log(`\nconformance ${passed}/${results.length - skipped}`);
  return passed === results.length - skipped ? 0 : 1;
}
