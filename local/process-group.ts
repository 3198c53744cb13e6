import type { ChildProcess } from 'node:child_process';

/**
 * For `sh -c`, with a command and its arguments behind it, `detached` and with a pipe as its standard input. Beside the
 * command waits a reader of that pipe, which only we hold: it ends when we do, even by SIGKILL, and then takes the whole
 * process group with it. Without that, what we started would outlive us and keep its port.
 */
export const untilOurEnd = 'exec 3<&0; { read -r _ <&3; kill -KILL 0; } & exec "$@" 3<&- </dev/null';

/** Nobody there to signal is what we want: ESRCH, or EPERM where only the dead are left (macOS). */
export function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}

/** There are neither groups nor such signals on Windows. https://nodejs.org/api/process.html#signal-events */
export const hasGroups = process.platform !== 'win32';

/** To a process that was started `detached`, and to what it has started: AWS freezes and ends all of an environment. */
export function signalAll(child: ChildProcess, signal: NodeJS.Signals): void {
  const hasGone = child.exitCode !== null || child.signalCode !== null;
  // Its number may be another's by now.
  if (hasGone) return;
  if (hasGroups) signalGroup(child.pid, signal);
  else child.kill(signal);
}
