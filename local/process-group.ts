import type { ChildProcess } from 'node:child_process';

/**
 * A script for `sh -c` that runs a command and kills its process group when this process ends, even by SIGKILL. Spawn it
 * `detached`, with a pipe as stdin. The script reads that pipe, which closes when we end. Otherwise the command would
 * outlive us and keep its port.
 */
export const exitWithParent = 'exec 3<&0; { read -r _ <&3; kill -KILL 0; } & exec "$@" 3<&- </dev/null';

/** Ignores a group that is already gone: ESRCH, or EPERM if only zombies are left (macOS). */
export function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}

/** Windows has no process groups and no such signals. https://nodejs.org/api/process.html#signal-events */
export const hasGroups = process.platform !== 'win32';

/** Signals a `detached` process and its children. AWS also freezes and ends all processes of an environment. */
export function signalAll(child: ChildProcess, signal: NodeJS.Signals): void {
  const hasGone = child.exitCode !== null || child.signalCode !== null;
  // The system may have reused its pid.
  if (hasGone) return;
  if (hasGroups) signalGroup(child.pid, signal);
  else child.kill(signal);
}
