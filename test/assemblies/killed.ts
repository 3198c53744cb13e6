import { readFileSync, rmSync } from 'node:fs';
import { type LocalCloud, startLocalCloud } from '../../local/index.ts';
import { writeAssembly } from './assembly.ts';
import { chatTemplate } from './chat.ts';
import { printed } from './start-assembly.ts';

/**
 * A process that has no time to close its local clouds, killed while the function of one is idle, that of another waits and
 * that of the third keeps its core busy.
 */
const { folder } = await writeAssembly(chatTemplate());
const environments = await Promise.all([startIdle(), startHanging('hangs'), startHanging('spins')]);
rmSync(folder, { recursive: true });
process.stdout.write(`environments ${environments.join(' ')}\n`, () => process.kill(process.pid, 'SIGKILL'));

async function startIdle(): Promise<string> {
  const cloud = await startLocalCloud({ assembly: folder });
  const pid = await invoke(cloud, 'pid');
  // Frozen, where that can be seen: a process that is stopped cannot notice by itself that this one has gone.
  const isFrozen = () => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.startsWith('T');
  while (process.platform === 'linux' && !isFrozen()) await new Promise((resolve) => setTimeout(resolve, 5));
  return pid;
}

async function startHanging(action: 'hangs' | 'spins'): Promise<string> {
  let onHanging: () => void = () => undefined;
  const isHanging = new Promise<void>((resolve) => {
    onHanging = resolve;
  });
  const cloud = await startLocalCloud({
    assembly: folder,
    log: (entry) => {
      if (entry.kind === 'function-output' && printed(entry.line) === 'hanging') onHanging();
    },
  });
  const pid = await invoke(cloud, 'pid');
  // Never answered: this process is gone before.
  invoke(cloud, action).catch(() => undefined);
  await isHanging;
  return pid;
}

async function invoke({ functions }: LocalCloud, action: string): Promise<string> {
  return (await functions['Worker']?.invoke({ action }))?.payload ?? '';
}
