import { rmSync } from 'node:fs';
import { startLocalCloud } from '../../local/index.ts';
import { writeAssembly } from './assembly.ts';
import { chatTemplate } from './chat.ts';

/** A process that has no time to close its local cloud, killed while its function is idle or busy. */
const { folder } = await writeAssembly(chatTemplate());
const cloud = await startLocalCloud({ assembly: folder });
const result = await cloud.functions.Worker?.invoke({ action: 'pid' });
void cloud.functions.Worker?.invoke({ action: process.argv[2] });
rmSync(folder, { recursive: true });
process.stdout.write(`environment ${result?.payload}\n`, () => process.kill(process.pid, 'SIGKILL'));
