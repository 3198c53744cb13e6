import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { TestProject } from 'vitest/node';
import { bundleOptions, entries } from '../../lib/bundle.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The folder with one folder for each Lambda. */
    readonly bundles: string;
  }
}

let folder: string | undefined;

/** Bundles the Lambdas once for all test files: each gateway that starts would bundle them again otherwise. */
export async function setup({ vitest }: TestProject): Promise<void> {
  const run = vitest.getRootProject();
  // Another project of this run was first.
  if ('bundles' in run.getProvidedContext()) return;
  const bundles = await mkdtemp(join(tmpdir(), 'session-socket-bundles-'));
  folder = bundles;
  await bundleAll(bundles);
  vitest.onTestsRerun(() => bundleAll(bundles));
  run.provide('bundles', bundles);
}

export async function teardown(): Promise<void> {
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
}

async function bundleAll(into: string): Promise<void> {
  await Promise.all(entries.map((entry) => build({ ...bundleOptions(entry), outfile: join(into, entry, 'index.js') })));
}
