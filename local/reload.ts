import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type Assembly, readAssembly } from './assembly.ts';
import type { LocalFunction } from './lambda/function.ts';
import type { Log } from './log.ts';
import { assetKey, changesBetween, withoutCode } from './template/changes.ts';
import { startWatch } from './watch.ts';

/** What a function would run if it were started now. */
interface Code {
  readonly taskRoot: string;
  /** Another one when a file came, went or was written. */
  readonly fingerprint: string;
}

/** Where the assembly lies, in the words of the local cloud's options. */
interface Source {
  readonly assembly: string;
  readonly stack?: string;
}

/**
 * Hot restart: gives each function its new code when the assembly on disk has some, be it another asset of another
 * `cdk synth` or a bundle written in its place. What else changes there is said and waits for a restart.
 * @param running what was started
 * @returns what ends it, once everything is watched
 */
export async function watchAssembly(
  source: Source,
  running: Assembly,
  functions: readonly Pick<LocalFunction, 'logicalId' | 'replaceCode'>[],
  log: Log,
): Promise<() => Promise<void>> {
  const codes = new Map<string, Code>();
  const started = withoutCode(running.template);
  let told = started;
  const watch = startWatch(() => check(() => readAssembly(source.assembly, source.stack)));

  async function check(read: () => Promise<Assembly>): Promise<void> {
    try {
      await compare(await read());
    } catch {
      // Half written, or gone for the moment: the functions keep what they have until it can be read.
      watch.over([]);
      watch.again();
    }
  }

  async function compare({ template, assetFolder }: Assembly): Promise<void> {
    const roots = new Map<string, string>();
    for (const { logicalId } of functions) {
      const key = assetKey(template, logicalId);
      const root = key === undefined ? undefined : assetFolder(key);
      if (root !== undefined) roots.set(logicalId, root);
    }
    // Before the files are looked at, so that what is written meanwhile is seen again.
    watch.over([source.assembly, ...(await foldersIn(new Set(roots.values())))]);
    for (const each of functions) {
      const taskRoot = roots.get(each.logicalId);
      if (taskRoot === undefined) continue;
      const code: Code = { taskRoot, fingerprint: await fingerprintOf(taskRoot) };
      const before = codes.get(each.logicalId);
      codes.set(each.logicalId, code);
      if (before === undefined || isDeepStrictEqual(before, code)) continue;
      each.replaceCode(taskRoot);
      log({ kind: 'function-reloaded', function: each.logicalId });
    }
    tell(withoutCode(template));
  }

  /** Once for each state that it is in. */
  function tell(current: typeof started): void {
    if (isDeepStrictEqual(current, told)) return;
    told = current;
    const logicalIds = changesBetween(started, current);
    if (logicalIds.length > 0) log({ kind: 'template-changed', logicalIds });
  }

  await check(async () => running);
  // For what was written after it was read and before it was watched.
  watch.again();
  return watch.close;
}

async function foldersIn(roots: ReadonlySet<string>): Promise<readonly string[]> {
  const folders = [...roots];
  for (const root of roots) {
    const entries = await readdir(root, { recursive: true, withFileTypes: true });
    for (const entry of entries) if (entry.isDirectory()) folders.push(join(entry.parentPath, entry.name));
  }
  return folders;
}

async function fingerprintOf(folder: string): Promise<string> {
  const names = (await readdir(folder, { recursive: true })).sort();
  const marks = await Promise.all(
    names.map(async (name) => {
      // The time of the change and not of the modification, which `cp -p` and archives set to what they like.
      const { size, ctimeMs } = await lstat(join(folder, name));
      return [name, size, ctimeMs];
    }),
  );
  return JSON.stringify(marks);
}
