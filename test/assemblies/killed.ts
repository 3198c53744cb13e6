import { readFileSync, rmSync } from 'node:fs';
import { startLocalCloud } from '../../local/index.ts';
import { writeAssembly } from './assembly.ts';
import { chatTemplate } from './chat.ts';
import { printed } from './start-assembly.ts';

/** A process that has no time to close its local cloud, killed while its function is idle, waits, or keeps its core busy. */
const { folder } = await writeAssembly(chatTemplate());
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
const result = await cloud.functions.Worker?.invoke({ action: 'pid' });
const mood = process.argv[2];
if (mood !== 'idle') {
  // Never answered: this process is gone before.
  cloud.functions.Worker?.invoke({ action: mood === 'busy' ? 'spins' : 'hangs' }).catch(() => undefined);
  await isHanging;
}
// Frozen, where that can be seen: a process that is stopped cannot notice by itself that this one has gone.
const isFrozen = () => readFileSync(`/proc/${result?.payload}/stat`, 'utf8').split(') ')[1]?.startsWith('T');
while (mood === 'idle' && process.platform === 'linux' && !isFrozen()) {
  await new Promise((resolve) => setTimeout(resolve, 5));
}
rmSync(folder, { recursive: true });
process.stdout.write(`environment ${result?.payload}\n`, () => process.kill(process.pid, 'SIGKILL'));
