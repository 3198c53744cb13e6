import { execFileSync } from 'node:child_process';
import { hasNativePhp } from '../php-kinds.ts';

/** Whether this machine has what an app takes. If not, says once what is missing. */
export function canRun(name: string, commands: readonly string[], extensions: readonly string[] = []): boolean {
  const missing = [
    ...(hasNativePhp
      ? extensions.filter((extension) => !loaded().has(extension)).map((each) => `PHP's extension ${each}`)
      : ['php']),
    ...commands.filter((command) => !isOnPath(command)),
  ];
  if (missing.length > 0)
    console.warn(`The tests of ${name} are skipped. Missing: ${missing.join(', ')}. .ci/run installs it all.`);
  return missing.length === 0;
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
