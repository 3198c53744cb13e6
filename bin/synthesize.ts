import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Life } from '../local/command/live.ts';
import { startWatch } from '../local/template/watch.ts';

const project = join(import.meta.dirname, '..');

/**
 * Runs the CDK app as `cdk synth` would (the same entry, the same context), without the seconds that the command itself
 * takes.
 * @param context what `-c name=value` would say
 * @param signal ends it before its time
 * @throws Error with what the app printed, when it refuses
 */
export async function synthesize(
  context: Readonly<Record<string, string>>,
  outputFolder: string,
  signal?: AbortSignal,
): Promise<void> {
  const { context: defaults } = JSON.parse(await readFile(join(project, 'cdk.json'), 'utf8'));
  const app = spawn(process.execPath, ['--import', 'tsx', join('bin', 'app.ts')], {
    cwd: project,
    env: {
      ...process.env,
      CDK_OUTDIR: outputFolder,
      SESSION_SOCKET_VALIDATION: 'off',
      CDK_CONTEXT_JSON: JSON.stringify({ ...defaults, ...context, 'aws:cdk:version-reporting': false }),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
  });

  const printed: string[] = [];
  for (const stream of [app.stdout, app.stderr]) stream.setEncoding('utf8').on('data', (text) => printed.push(text));
  const code = await new Promise<number | null>((resolve, reject) => app.once('error', reject).once('close', resolve));
  if (code !== 0) throw new Error(`The CDK app could not be synthesized:\n${printed.join('').trim()}`);
}

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
