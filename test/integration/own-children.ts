import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';

/** The processes of a Lambda function of a local cloud in this process: Linux lists our child processes. */
export async function childrenOf(functionName: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      // A process that has ended, or that we may not read, does not count.
      const read = (file: string) => readFile(`/proc/${pid}/${file}`, 'latin1').catch(() => '');
      const [status, environment] = await Promise.all([read('status'), read('environ')]);
      const isOurs = status.includes(`\nPPid:\t${process.pid}\n`);
      return isOurs && environment.split('\0').includes(`AWS_LAMBDA_FUNCTION_NAME=${functionName}`) ? Number(pid) : 0;
    }),
  );
  return found.filter((pid) => pid > 0);
}

/** True for a zombie too: a child that has ended, but that this process has not reaped yet. */
export function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/**
 * False for a zombie. In a container without an init process an orphan stays a zombie, because process 1 reaps none.
 * `Z` for zombie: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
 */
export function isRunning(pid: number): boolean {
  return isThere(pid) && stateOf(pid) !== 'Z';
}

/** Linux's letter for the state. Undefined on other systems, and for a process that is gone. */
export function stateOf(pid: number): string | undefined {
  try {
    return /^.*\) (\S)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];
  } catch {
    return undefined;
  }
}
