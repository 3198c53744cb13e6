import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';

/** The processes of a Lambda function of a local cloud that runs in this process, by what Linux tells of our children. */
export async function childrenOf(functionName: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      // One that has ended meanwhile, or is not ours to read, is none that we look for.
      const read = (file: string) => readFile(`/proc/${pid}/${file}`, 'latin1').catch(() => '');
      const [status, environment] = await Promise.all([read('status'), read('environ')]);
      const isOurs = status.includes(`\nPPid:\t${process.pid}\n`);
      return isOurs && environment.split('\0').includes(`AWS_LAMBDA_FUNCTION_NAME=${functionName}`) ? Number(pid) : 0;
    }),
  );
  return found.filter((pid) => pid > 0);
}

/** Also a zombie: a child of ours that has died while this process has not noticed it yet. */
export function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/**
 * Not a zombie. An orphan stays one where process 1 buries nobody, as in a container without an init process. `Z` for zombie:
 * https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
 */
export function isRunning(pid: number): boolean {
  return isThere(pid) && stateOf(pid) !== 'Z';
}

/** A letter, by what Linux says; elsewhere, and of a process that is gone, nothing. */
export function stateOf(pid: number): string | undefined {
  try {
    return /^.*\) (\S)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];
  } catch {
    return undefined;
  }
}
