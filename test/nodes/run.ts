import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Version } from './versions.ts';

const project = join(import.meta.dirname, '..', '..');

export interface Run {
  readonly version: Version;
  /** undefined when a signal ended it */
  readonly exitCode: number | undefined;
  readonly seconds: number;
  /** undefined where vitest wrote none */
  readonly report: Report | undefined;
}

/** The part of vitest's report that is printed. */
export interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly testResults: readonly { readonly name: string; readonly status: string }[];
}

/** @param folder holds the Node that the script runs with, and comes first on the PATH of all that it starts */
export async function runScript(version: Version, folder: string, npm: string, script: string): Promise<Run> {
  const file = join(project, 'test', 'output', `node-${version}.json`);
  await rm(file, { force: true });
  const startedAtMs = performance.now();
  const child = spawn(join(folder, 'node'), [npm, 'run', script], {
    cwd: project,
    stdio: ['ignore', 'inherit', 'inherit'],
    // Tests that start npm find it beside the Node that runs this.
    env: { ...process.env, PATH: [folder, process.env['PATH'], dirname(process.execPath)].join(':'), TESTS_JSON: file },
  });
  const [exitCode] = (await once(child, 'exit')) as [number | null];
  return {
    version,
    exitCode: exitCode ?? undefined,
    seconds: Math.round((performance.now() - startedAtMs) / 1000),
    report: await readReport(file),
  };
}

async function readReport(file: string): Promise<Report | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Report;
  } catch {
    return undefined;
  }
}
