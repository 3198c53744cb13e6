import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { type LocalCloud, startLocalCloud } from '../../local/index.ts';
import { connect } from '../socket-client.ts';
import { writeAssembly } from './assembly.ts';
import { chatTemplate } from './chat.ts';

/**
 * Starts and closes a local cloud again and again in this process, every fifth time with a client that connects and talks,
 * and prints what was there before and is there after as one line of JSON.
 */
const times = Number(process.argv[2]);
const assembly = await writeAssembly(chatTemplate());
await startAndClose();
const before = await takeStock();
for (let time = 0; time < times; time += 1) await startAndClose(time % 5 === 0);
const after = await takeStock();
await assembly.remove();
console.log(JSON.stringify({ before, after }));

async function startAndClose(isUsed = true): Promise<void> {
  const cloud = await startLocalCloud({ assembly: assembly.folder });
  if (isUsed) await talk(cloud);
  await cloud.close();
}

async function talk({ webSocketUrl, clock }: LocalCloud): Promise<void> {
  const client = await connect(`${webSocketUrl}?token=allow`);
  client.send({ say: 'hello' });
  await client.next();
  clock.advance(60_000);
  client.socket.close();
  await client.closed;
}

async function takeStock() {
  // A closed handle is gone after the event loop has turned.
  await new Promise((resolve) => setTimeout(resolve, 200));
  return {
    // A port that is still listened on is a TCPServerWrap.
    resources: count(process.getActiveResourcesInfo()),
    children: childrenOf(process.pid),
    files: readdirSync(tmpdir()).filter((name) => name.startsWith('session-socket-')).length,
    descriptors: process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0,
    listeners: process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0),
  };
}

function count(names: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const name of [...names].sort()) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

/** Only where the kernel tells. */
function childrenOf(pid: number): number {
  if (process.platform !== 'linux') return 0;
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => parentOf(name) === pid).length;
}

function parentOf(pid: string): number {
  try {
    // "pid (name) state parent …"; the name may hold anything but a closing bracket at its end.
    return Number(/\) \S (\d+)/.exec(readStat(pid))?.[1]);
  } catch {
    return 0;
  }
}

function readStat(pid: string): string {
  return readFileSync(`/proc/${pid}/stat`, 'utf8');
}
