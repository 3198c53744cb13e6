/**
 * `npm run security`: runs the tests that the checklist names, and prints one line for each of its lines. `--list` only
 * prints, `--markdown` prints the table of SECURITY.md, and `S11 S18` keep it to these lines.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Line, type NamedTest, sections } from './checklist.ts';
import { fits, patternToRun } from './named-tests.ts';
import { markdownTable } from './table.ts';

interface TestFile {
  /** Its absolute path. */
  readonly name: string;
  readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
}

type Result = 'passed' | 'failed' | 'skipped' | 'reason';

const project = join(import.meta.dirname, '..', '..');
const asked = process.argv.filter((argument) => /^S\d\d$/.test(argument));
const isAsked = ({ number }: Line) => asked.length === 0 || asked.includes(number);

if (process.argv.includes('--markdown')) console.log(markdownTable());
else if (process.argv.includes('--list')) print();
else process.exitCode = print(await run());

/** One run of vitest over these files, in which only the tests with these names run. */
async function run(): Promise<readonly TestFile[]> {
  const tests = sections.flatMap(({ lines }) => lines.filter(isAsked)).flatMap((line) => line.tests);
  const files = [...new Set(tests.map(({ file }) => file))];
  const names = [...new Set(tests.map(patternToRun))].join('|');
  const folder = await mkdtemp(join(tmpdir(), 'security-'));
  const output = join(folder, 'report.json');
  const vitest = join(project, 'node_modules', 'vitest', 'vitest.mjs');
  const reporters = ['--reporter=dot', '--reporter=json', `--outputFile.json=${output}`];
  const child = spawn(process.execPath, [vitest, 'run', ...files, '-t', `(?:^| )(?:${names})$`, ...reporters], {
    cwd: project,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  await once(child, 'exit');
  const report = JSON.parse(await readFile(output, 'utf8')) as { readonly testResults: readonly TestFile[] };
  await rm(folder, { recursive: true });
  return report.testResults;
}

/** @param ran without it, the lines are only listed. @returns the exit code */
function print(ran?: readonly TestFile[]): number {
  const results: Result[] = [];
  for (const { title, lines } of sections) {
    if (lines.some(isAsked)) console.log(`\n${title}`);
    for (const line of lines.filter(isAsked)) {
      const result = ran && resultOf(line, ran);
      if (result !== undefined) results.push(result);
      console.log(`  ${line.number}  ${result?.padEnd(9) ?? ''}${line.statement}`);
      for (const test of line.tests) {
        const told = ran === undefined || statusOf(test, ran) === 'passed' ? '' : ` (${statusOf(test, ran)})`;
        console.log(`         ${test.file} › ${test.title}${told}`);
      }
      if (line.reason !== undefined) console.log(`         ${line.reason}`);
    }
  }
  if (ran === undefined) return 0;

  const count = (result: Result) => results.filter((each) => each === result).length;
  console.log(`\nsecurity ${count('passed')} passed, ${count('reason')} with a reason and no test,`);
  console.log(
    `${count('failed')} failed, ${count('skipped')} skipped, because something they need is not on this machine`,
  );
  return count('failed') === 0 ? 0 : 1;
}

function resultOf({ tests }: Line, ran: readonly TestFile[]): Result {
  if (tests.length === 0) return 'reason';
  const statuses = tests.map((test) => statusOf(test, ran));
  return (['failed', 'skipped'] as const).find((status) => statuses.includes(status)) ?? 'passed';
}

/** A test that did not run at all has failed to show anything. */
function statusOf(test: NamedTest, ran: readonly TestFile[]): Exclude<Result, 'reason'> {
  const statuses = ran
    .filter(({ name }) => name.endsWith(`/${test.file}`))
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ fullName }) => fits(test, fullName))
    .map(({ status }) => status);
  if (statuses.length === 0 || statuses.includes('failed')) return 'failed';
  return statuses.includes('passed') ? 'passed' : 'skipped';
}
