import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Life } from '../local/command/live.ts';
import { startWatch } from '../local/template/watch.ts';

/**
 * Synthesizes whenever our own source changes; the local cloud watches what comes of it.
 * @param rooms the folders of the source
 */
export function synthesizeAgain(
  life: Pick<Life, 'signal' | 'undo'>,
  rooms: readonly string[],
  synthesize: () => Promise<void>,
  say: (line: string) => void,
): void {
  const folders = () => rooms.flatMap(withFoldersInside);
  const watch = startWatch(async () => {
    watch.over(folders());
    await synthesize().catch((error: unknown) => {
      // Half-edited source is no reason to stop: the functions keep their code.
      if (!life.signal.aborted) say(error instanceof Error ? error.message : String(error));
    });
  });
  watch.over(folders());
  life.undo(watch.close);
}

function withFoldersInside(folder: string): readonly string[] {
  const inside = readdirSync(folder, { recursive: true, withFileTypes: true });
  return [folder, ...inside.filter((each) => each.isDirectory()).map((each) => join(each.parentPath, each.name))];
}
