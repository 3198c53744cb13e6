import { relative } from 'node:path';
import type { Reporter, TestCase, TestModule, TestSuite, Vitest } from 'vitest/node';
import type { Need } from '../needs.ts';
import { allowedSkips, mostSkips } from './allowed.ts';

interface Skip {
  readonly file: string;
  readonly name: string;
  readonly need?: Need;
}

/**
 * A reporter that ends a run with what was skipped, why, and the line that installs what is missing.
 *
 * With TESTS_MAY_LACK a skip fails the run, unless it is for one of the needs that this names (`php,java`; none when empty)
 * and on the list of test/skips/allowed.ts, and so do too many.
 */
export class SkippedReporter implements Reporter {
  readonly #mayLack = process.env['TESTS_MAY_LACK']?.split(',');
  #vitest: Vitest | undefined;

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    // With -t most tests are skipped because nobody asked for them.
    if (this.#vitest?.config.testNamePattern !== undefined) return;
    const tests = modules.flatMap(({ children }) => [...children.allTests('skipped')]);
    const skips = tests.filter(({ parent }) => !hasFailed(parent)).map(describeSkip);
    if (skips.length > 0) this.#vitest?.logger.log(describeSkips(skips));
    if (this.#mayLack === undefined) return;
    const forbidden = skips.filter((skip) => !isAllowed(skip, this.#mayLack ?? []));
    if (forbidden.length === 0 && skips.length <= mostSkips) return;
    const lines = forbidden.map(({ file, name }) => `  ${file} › ${name}`);
    if (skips.length > mostSkips) lines.push(`  ${skips.length} are more than ${mostSkips}.`);
    this.#vitest?.logger.error(`These may not be skipped here (test/skips/allowed.ts):\n${lines.join('\n')}\n`);
    process.exitCode = 1;
  }
}

/** Then its tests did not run, and the failure says why. */
function hasFailed(suite: TestSuite | TestModule): boolean {
  return suite.errors().length > 0 || ('parent' in suite && hasFailed(suite.parent));
}

function describeSkip(test: TestCase): Skip {
  const { need } = test.meta();
  const file = relative(process.cwd(), test.module.moduleId).replaceAll('\\', '/');
  return { file, name: test.fullName, ...(need && { need }) };
}

export function isAllowed({ file, need }: Skip, mayLack: readonly string[]): boolean {
  if (need === undefined || !mayLack.includes(need.name)) return false;
  return allowedSkips.some((each) => each.need === need.name && file.startsWith(each.file));
}

/** @returns several lines: for each reason the files, then what to install for all of them */
export function describeSkips(skips: readonly Skip[]): string {
  const reasons = new Map<string, Skip[]>();
  for (const skip of skips) {
    const reason = skip.need?.missing ?? 'Without a reason.';
    reasons.set(reason, [...(reasons.get(reason) ?? []), skip]);
  }
  const blocks = [...reasons].map(([reason, skipped]) => {
    const files = [...new Set(skipped.map(({ file }) => file))];
    const countIn = (file: string) => skipped.filter((skip) => skip.file === file).length;
    return [`  ${reason}`, ...files.map((file) => `${String(countIn(file)).padStart(6)}  ${file}`)].join('\n');
  });
  const packages = [...new Set(skips.flatMap(({ need }) => need?.packages ?? []))];
  const install = packages.length === 0 ? [] : [`  Debian has what they need: apt-get install ${packages.join(' ')}`];
  return [` Skipped: ${skips.length} ${skips.length === 1 ? 'test' : 'tests'}`, ...blocks, ...install, ''].join('\n');
}
