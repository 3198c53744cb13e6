import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { TestProject } from 'vitest/node';

const run = promisify(execFile);

declare module 'vitest' {
  interface ProvidedContext {
    /** What `npm publish` would publish: the path of each package's tarball. */
    readonly tarballs: Readonly<Record<'session-socket' | 'session-socket-local' | 'session-socket-client', string>>;
  }
}

let folder: string;

/** Packs once for all test files: packing builds, and two builds of one checkout would remove each other's files. */
export async function setup({ provide }: TestProject): Promise<void> {
  folder = await mkdtemp(join(tmpdir(), 'session-socket-packed-'));
  const cwd = join(import.meta.dirname, '..', '..');
  for (const workspace of [[], ['-w', 'session-socket-local'], ['-w', 'session-socket-client']]) {
    await run('npm', ['pack', '--silent', '--pack-destination', folder, ...workspace], { cwd });
  }
  const files = await readdir(folder);
  const tarballOf = (name: string) => join(folder, files.find((file) => new RegExp(`^${name}-\\d`).test(file)) ?? name);
  provide('tarballs', {
    'session-socket': tarballOf('session-socket'),
    'session-socket-local': tarballOf('session-socket-local'),
    'session-socket-client': tarballOf('session-socket-client'),
  });
}

export async function teardown(): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}
