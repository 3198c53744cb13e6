import { execFileSync } from 'node:child_process';
import type { TestOptions } from 'vitest';
import { needs } from '../needs.ts';
import { lackOfPhp } from '../php/php-kinds.ts';

/** Options of a suite, by what its app takes. */
export function needsFramework(commands: readonly string[], extensions: readonly string[] = []): TestOptions {
  if (lackOfPhp !== undefined) return needs(lackOfPhp);
  const lacking = [
    ...extensions.filter((extension) => !loaded().has(extension)).map((each) => `PHP's extension ${each}`),
    ...commands.filter((command) => !isOnPath(command)),
  ];
  if (lacking.length === 0) return needs(undefined);
  return needs({ name: 'composer', missing: `Missing: ${lacking.join(', ')}. .ci/run installs it all.` });
}

function loaded(): ReadonlySet<string> {
  return new Set(execFileSync('php', ['-m'], { encoding: 'utf8' }).toLowerCase().split('\n'));
}

function isOnPath(command: string): boolean {
  try {
    execFileSync('/bin/sh', ['-c', 'command -v "$0"', command], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
