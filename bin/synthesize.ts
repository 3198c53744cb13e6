import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Lifecycle } from '../local/command/lifecycle.ts';
import { startWatch } from '../local/template/watch.ts';

const project = join(import.meta.dirname, '..');

/**
 * Runs the CDK app as `cdk synth` does, with the same entry and context, but skips the slow start of the `cdk` command.
 * @param context the values of `-c name=value`
 * @param signal aborts the run
 * @throws Error with the app's output, if the app fails
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
 * Synthesizes whenever our own source changes. The local cloud watches the output.
 * @param sourceFolders the folders to watch
 */
export function synthesizeOnChange(
  life: Pick<Lifecycle, 'signal' | 'onEnd'>,
  sourceFolders: readonly string[],
  synthesize: () => Promise<void>,
  print: (line: string) => void,
): void {
  const folders = () => sourceFolders.flatMap(withSubfolders);
  const watch = startWatch(async () => {
    watch.watchFolders(folders());
    await synthesize().catch((error: unknown) => {
      // Half-edited source may fail to synthesize: the functions keep running their old code.
      if (!life.signal.aborted) print(error instanceof Error ? error.message : String(error));
    });
  });
  watch.watchFolders(folders());
  life.onEnd(watch.close);
}

function withSubfolders(folder: string): readonly string[] {
  const inside = readdirSync(folder, { recursive: true, withFileTypes: true });
  return [folder, ...inside.filter((each) => each.isDirectory()).map((each) => join(each.parentPath, each.name))];
}
