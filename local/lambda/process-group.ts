import type { ChildProcess } from 'node:child_process';
import { signalGroup } from '../until-our-end.ts';

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
