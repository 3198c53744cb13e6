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

/** Also one that has died while nobody has noticed. */
export function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
