import { type ChildProcess, spawn } from 'node:child_process';
import { hasGroups, signalAll } from '../process-group.ts';

/**
 * Stops processes between invocations: "Lambda freezes the execution environment" when the runtime asks for the next event,
 * https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
 */
export interface Freezer {
  /** MUST be called before the first `freeze` of a process. */
  adopt(child: ChildProcess): void;
  freeze(child: ChildProcess): void;
  thaw(child: ChildProcess): void;
  /** Call this after the process has ended. */
  forget(child: ChildProcess): void;
  /** Call this after all processes have ended. */
  close(): Promise<void>;
}

export const canFreeze = hasGroups;

/**
 * A stopped or busy process cannot notice that the local cloud has ended. The guard reads the pids from a pipe. When the
 * pipe closes, for any reason, it kills them and their children.
 */
const guardScript = `
trap '' INT TERM HUP
all=' '
while read -r sign pid; do
  case $sign in
    +) all="$all$pid " ;;
    -) all="\${all%" $pid "*} \${all#*" $pid "}" ;;
  esac
done
for pid in $all; do kill -KILL "-$pid" 2>/dev/null; done
`;

export function createFreezer(): Freezer {
  if (!canFreeze) return { adopt() {}, freeze() {}, thaw() {}, forget() {}, close: async () => undefined };

  const all = new Set<ChildProcess>();
  const guard = spawn('/bin/sh', ['-c', guardScript], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // A kill of our process group must not reach the guard.
    detached: true,
  });
  let isGuarded = true;
  const gone = new Promise<void>((resolve) => {
    guard.once('exit', () => resolve()).once('error', () => resolve());
  }).then(() => {
    isGuarded = false;
    // Without the guard no process may stay stopped, because we could be killed.
    for (const child of all) signalAll(child, 'SIGCONT');
  });
  guard.stdin.on('error', () => undefined);

  return {
    adopt(child) {
      all.add(child);
      guard.stdin.write(`+ ${child.pid}\n`);
    },
    freeze(child) {
      if (isGuarded) signalAll(child, 'SIGSTOP');
    },
    thaw: (child) => signalAll(child, 'SIGCONT'),
    forget(child) {
      all.delete(child);
      guard.stdin.write(`- ${child.pid}\n`);
    },
    async close() {
      guard.stdin.end();
      await gone;
    },
  };
}
