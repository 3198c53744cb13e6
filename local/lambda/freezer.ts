import { type ChildProcess, spawn } from 'node:child_process';
import { hasGroups, signalAll } from '../process-group.ts';

/**
 * Stops processes between invocations: "Lambda freezes the execution environment" when the runtime asks for the next one,
 * https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
 */
export interface Freezer {
  /** MUST come before the first `freeze` of a process. */
  adopt(child: ChildProcess): void;
  freeze(child: ChildProcess): void;
  thaw(child: ChildProcess): void;
  /** It has gone. */
  forget(child: ChildProcess): void;
  /** Comes after every process has gone. */
  close(): Promise<void>;
}

export const canFreeze = hasGroups;

/**
 * A process that is stopped or busy cannot notice that the local cloud has gone. This one reads which there are, and when
 * its pipe closes, however that came, it ends them with all that they have started.
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
    // Whoever kills our process group must not kill this one with us.
    detached: true,
  });
  let isGuarded = true;
  const gone = new Promise<void>((resolve) => {
    guard.once('exit', () => resolve()).once('error', () => resolve());
  }).then(() => {
    isGuarded = false;
    // Without its guard no process may stay stopped, should we be killed.
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
