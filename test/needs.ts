import type { TestOptions } from 'vitest';

/** One thing that a test needs and that not every machine has. */
export interface Need {
  /** What CI calls it: see test/skips/reporter.ts. */
  readonly name: 'browser' | 'composer' | 'history' | 'java' | 'jq' | 'linux' | 'namespaces' | 'php' | 'web servers';
  /** A sentence. */
  readonly missing: string;
  /** What apt-get installs on Debian. */
  readonly packages?: readonly string[];
}

declare module 'vitest' {
  interface TaskMeta {
    need?: Need;
  }
}

/** Options of a test or a suite. It is skipped where the machine lacks something, and `npm test` ends with the reason. */
export function needs(lacking: Need | undefined): TestOptions {
  return lacking === undefined ? {} : { skip: true, meta: { need: lacking } };
}

const isLinux = process.platform === 'linux';
export const onLinux = needs(
  isLinux ? undefined : { name: 'linux', missing: 'Only Linux has /proc, and all of 127.0.0.0/8.' },
);
