import { startLocalCloud } from '../local/index.ts';
import { writeAssembly } from '../test/assemblies/assembly.ts';
import { chatTemplate } from '../test/assemblies/chat.ts';
import { serve } from './serve.ts';

export interface LocalCloudServer {
  readonly webSocketUrl: string;
  /** From the start of this process until it answers clients, with an existing assembly. */
  readonly startMs: number;
}

/** The local cloud alone, with an app whose functions do nothing. */
const assembly = await writeAssembly(chatTemplate());
const cloud = await startLocalCloud({ assembly: assembly.folder });
const ready: LocalCloudServer = { webSocketUrl: cloud.webSocketUrl, startMs: performance.now() };
serve({
  ready,
  answers: { megabytes: () => process.memoryUsage().rss / 1e6 },
  async close() {
    await cloud.close();
    await assembly.remove();
  },
});
