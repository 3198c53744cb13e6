/** `npm run security`: runs the tests in the checklist, and prints the result of each line. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exitCodeOf, readOptionsAndWords, UsageError } from '../local/command/arguments.ts';
import { type Line, type NamedTest, sections } from './checklist.ts';
import { fits, patternToRun } from './named-tests.ts';
import { markdownTable } from './table.ts';

interface TestFile {
  /** Its absolute path. */
  readonly name: string;
  readonly assertionResults: readonly {
    readonly fullName: string;
    readonly status: string;
    readonly failureMessages: readonly string[];
  }[];
}

type Result = 'passed' | 'failed' | 'skipped' | 'reason';

const project = join(import.meta.dirname, '..');
const usage = `Runs the tests of the security checklist, and prints the result of each line.

  npm run security [-- LINES] [--list | --markdown]

  LINES        only these lines, such as S11 S18      (default all)
  --list       print the lines and the names of their tests, and run nothing
  --markdown   print the table of SECURITY.md, and run nothing
  --help       this text
`;

process.exitCode = await exitCodeOf(async () => {
  const option = { type: 'boolean', default: false } as const;
  const options = { help: option, list: option, markdown: option };
  const { values, words } = readOptionsAndWords(process.argv.slice(2), options);
  const lines = sections.flatMap(({ lines }) => lines);
  const unknown = words.find((word) => !lines.some(({ number }) => number === word));
  if (unknown !== undefined) throw new UsageError(`The checklist has no line ${unknown}; --list prints all lines.`);
  const isAsked = ({ number }: Line) => words.length === 0 || words.includes(number);
  if (values.help || values.markdown) {
    console.log(values.help ? usage : markdownTable());
    return 0;
  }
  return print(isAsked, values.list ? undefined : await run(lines.filter(isAsked)));
});

/** Runs vitest once over these files, with only the tests of these names. */
async function run(lines: readonly Line[]): Promise<readonly TestFile[]> {
  const tests = lines.flatMap((line) => line.tests);
  const files = [...new Set(tests.map(({ file }) => file))];
  const names = [...new Set(tests.map(patternToRun))].join('|');
  const folder = await mkdtemp(join(tmpdir(), 'security-'));
  const output = join(folder, 'report.json');
  const vitest = join(project, 'node_modules', 'vitest', 'vitest.mjs');
  console.error(`Running the named tests in ${files.length} files; a minute or two …`);
  // No human-readable reporter, because it would list every other test of these files as skipped.
  const reporters = ['--reporter=json', `--outputFile.json=${output}`];
  const child = spawn(process.execPath, [vitest, 'run', ...files, '-t', `(?:^| )(?:${names})$`, ...reporters], {
    cwd: project,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
  });
  await once(child, 'exit');
  const report = JSON.parse(await readFile(output, 'utf8')) as { readonly testResults: readonly TestFile[] };
  await rm(folder, { recursive: true });
  return report.testResults;
}

/** @param ran undefined: only lists the lines. @returns the exit code */
function print(isAsked: (line: Line) => boolean, ran?: readonly TestFile[]): number {
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
  for (const { fullName, failureMessages } of ran.flatMap(({ assertionResults }) => assertionResults)) {
    if (failureMessages.length > 0) console.log(`\nfailed: ${fullName}\n${failureMessages.join('\n')}`);
  }

  const count = (result: Result) => results.filter((each) => each === result).length;
  const [skipped, failed] = [count('skipped'), count('failed')];
  console.log(`\nsecurity ${count('passed')} passed, ${count('reason')} with a reason and no test, ${failed} failed`);
  if (skipped > 0) console.log(`${skipped} skipped, because something they need is not on this machine`);
  return failed === 0 ? 0 : 1;
}

function resultOf({ tests }: Line, ran: readonly TestFile[]): Result {
  if (tests.length === 0) return 'reason';
  const statuses = tests.map((test) => statusOf(test, ran));
  return (['failed', 'skipped'] as const).find((status) => statuses.includes(status)) ?? 'passed';
}

/** A test that did not run counts as failed. */
function statusOf(test: NamedTest, ran: readonly TestFile[]): Exclude<Result, 'reason'> {
  const statuses = ran
    .filter(({ name }) => name.endsWith(`/${test.file}`))
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ fullName }) => fits(test, fullName))
    .map(({ status }) => status);
  if (statuses.length === 0 || statuses.includes('failed')) return 'failed';
  return statuses.includes('passed') ? 'passed' : 'skipped';
}
