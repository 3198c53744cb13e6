/** `npm run test:nodes`: the tests on every Node that people have. Exits with 1 when they fail on one. */
import { relative } from 'node:path';
import { exitCodeOf, readOptionsAndWords, UsageError } from '../../local/command/arguments.ts';
import { installNode } from './install.ts';
import { findNpm } from './npm.ts';
import { type Run, runScript } from './run.ts';
import { chooseVersions, packageFor, type Version, versions } from './versions.ts';

const usage = `Runs the tests on every Node that people have, one after the other.

  npm run test:nodes [-- VERSIONS] [--script NAME]

  VERSIONS        such as 20 24               (default ${versions.map((each) => each.split('.')[0]).join(' ')})
  --script NAME   a script of package.json    (default test)
  --help          this text

The binaries (${versions.join(', ')}) come from npm's registry into node_modules/.cache.
Ends with 1 when the script fails on a version.
`;

process.exitCode = await exitCodeOf(async () => {
  const { values, words } = readOptionsAndWords(process.argv.slice(2), {
    script: { type: 'string', default: 'test' },
    help: { type: 'boolean', default: false },
  });
  const { chosen, unknown } = chooseVersions(words);
  if (unknown.length > 0) throw new UsageError(`There is no Node ${unknown[0]} here, only ${versions.join(', ')}.`);
  if (!values.help) return run(chosen, values.script);
  console.log(usage);
  return 0;
});

/** @returns the exit code */
async function run(chosen: readonly Version[], script: string): Promise<number> {
  const packageName = packageFor(process.platform, process.arch);
  const npm = findNpm(process.env, process.execPath);
  const runs: Run[] = [];
  for (const [index, version] of chosen.entries()) {
    const folder = await installNode(version, packageName, npm);
    console.log(`\nNode ${version} (${index + 1} of ${chosen.length}): npm run ${script}\n`);
    runs.push(await runScript(version, folder, npm, script));
  }
  printTable(runs);
  return runs.every(({ exitCode }) => exitCode === 0) ? 0 : 1;
}

function printTable(runs: readonly Run[]): void {
  const row = (...cells: readonly unknown[]) =>
    console.log(cells.map((cell) => String(cell ?? '–').padEnd(10)).join(''));
  console.log();
  row('Node', 'exit', 'passed', 'failed', 'skipped', 'seconds');
  for (const { version, exitCode = 'killed', report, seconds } of runs) {
    row(version, exitCode, report?.numPassedTests, report?.numFailedTests, report?.numPendingTests, seconds);
  }
  // A file whose setup fails has no test that failed.
  for (const { version, report } of runs) {
    const failed = report?.testResults.filter(({ status }) => status === 'failed') ?? [];
    for (const { name } of failed) console.log(`Failed on Node ${version}: ${relative(process.cwd(), name)}`);
  }
}
