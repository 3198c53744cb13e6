import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { TestProject } from 'vitest/node';
import { bundleOptions, entries } from '../../lib/bundle.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The folder with one folder for each Lambda, and what esbuild says of it beside that. */
    readonly bundles: string;
  }
}

const project = join(import.meta.dirname, '..', '..');

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
  await Promise.all(
    entries.map(async (entry) => {
      const outfile = join(into, entry, 'index.js');
      const { metafile } = await build({ ...bundleOptions(entry), absWorkingDir: project, outfile, metafile: true });
      await writeFile(join(into, `${entry}.json`), JSON.stringify(metafile));
    }),
  );
}
