import { type FSWatcher, watch } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { LocalFunction } from '../lambda/function.ts';
import type { Log } from '../log.ts';
import { type Assembly, readAssembly, type Template } from './assembly.ts';

/** Reports changed folders after their changes have settled. */
export interface Watch {
  /** Replaces the watched folders. Subfolders are not included. */
  watchFolders(folders: Iterable<string>): void;
  /** Schedules another check, for folders that cannot be watched or are being written. */
  recheck(): void;
  /** Resolves when no check is running. */
  close(): Promise<void>;
}

/** Longer than the pause between two files of one write. */
const quietMs = 60;
const recheckMs = 250;

/**
 * Watches folders individually, because recursive watching loses events of new folders on Linux:
 * https://nodejs.org/docs/latest-v20.x/api/fs.html#caveats
 * @param onQuiet never runs concurrently
 */
export function startWatch(onQuiet: () => Promise<void>): Watch {
  let watchers: FSWatcher[] = [];
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let isRunning = false;
  let isClosed = false;

  function schedule(afterMs: number): void {
    clearTimeout(timer);
    if (!isClosed) timer = setTimeout(run, afterMs);
  }

  function run(): void {
    if (isRunning) {
      schedule(quietMs);
      return;
    }
    isRunning = true;
    running = onQuiet().finally(() => {
      isRunning = false;
    });
  }

  function stop(): void {
    for (const watcher of watchers) watcher.close();
    watchers = [];
  }

  return {
    watchFolders(folders) {
      stop();
      if (isClosed) return;
      for (const folder of folders) {
        try {
          const watcher = watch(folder, () => schedule(quietMs));
          watcher.on('error', () => schedule(recheckMs));
          watchers.push(watcher);
        } catch {
          // The folder is missing for a moment, or the system's watch limit is reached.
          schedule(recheckMs);
        }
      }
    },
    recheck: () => schedule(recheckMs),
    async close() {
      isClosed = true;
      clearTimeout(timer);
      stop();
      await running;
    },
  };
}

/** A function's current code on disk. */
interface Code {
  readonly taskRoot: string;
  /** Changes when a file is added, removed or written. */
  readonly fingerprint: string;
}

/** The location of the assembly, as in the local cloud's options. */
interface Source {
  readonly assembly: string;
  readonly stack?: string;
}

/**
 * Hot reload: replaces a function's code when it changes on disk, by a new `cdk synth` or a rewritten bundle. Other changes
 * are logged and need a restart.
 * @param running the running assembly
 * @returns a function that stops watching; resolves once everything is watched
 */
export async function watchAssembly(
  source: Source,
  running: Assembly,
  functions: readonly Pick<LocalFunction, 'logicalId' | 'replaceCode'>[],
  log: Log,
): Promise<() => Promise<void>> {
  const codes = new Map<string, Code>();
  const started = withoutCode(running.template);
  let reported = started;
  const watch = startWatch(() => check(() => readAssembly(source.assembly, source.stack)));

  async function check(read: () => Promise<Assembly>): Promise<void> {
    try {
      await compare(await read());
    } catch {
      // The assembly is incomplete or missing for a moment. The functions keep their code until it can be read.
      watch.watchFolders([]);
      watch.recheck();
    }
  }

  async function compare({ template, assetFolder }: Assembly): Promise<void> {
    const roots = new Map<string, string>();
    for (const { logicalId } of functions) {
      const key = assetKey(template, logicalId);
      const root = key === undefined ? undefined : assetFolder(key);
      if (root !== undefined) roots.set(logicalId, root);
    }
    // Starts watching before reading the files, so that no change is missed.
    watch.watchFolders([source.assembly, ...(await foldersIn(new Set(roots.values())))]);
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
    reportChanges(withoutCode(template));
  }

  /** Reports each state once. */
  function reportChanges(current: typeof started): void {
    if (isDeepStrictEqual(current, reported)) return;
    reported = current;
    const logicalIds = changesBetween(started, current);
    if (logicalIds.length > 0) log({ kind: 'template-changed', logicalIds });
  }

  await check(async () => running);
  // Catches changes between the first read and the start of the watch.
  watch.recheck();
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
      // ctime, not mtime, because `cp -p` and archives set mtime.
      const { size, ctimeMs } = await lstat(join(folder, name));
      return [name, size, ctimeMs];
    }),
  );
  return JSON.stringify(marks);
}

/** The content of a template, by logical id, or by section name for other parts. */
type Content = Readonly<Record<string, unknown>>;

const sections = ['Conditions', 'Mappings', 'Outputs', 'Parameters', 'Transform'];

/** @returns undefined if the function's code is not an asset */
export function assetKey({ Resources }: Template, logicalId: string): string | undefined {
  const { S3Key } = Object(Resources[logicalId]?.Properties?.['Code']) as { S3Key?: unknown };
  return typeof S3Key === 'string' ? S3Key : undefined;
}

/** Omits the parts that every `cdk synth` may change: asset keys and metadata. */
function withoutCode(template: Template): Content {
  const content: Record<string, unknown> = {};
  for (const section of sections) content[section] = (template as unknown as Content)[section];
  for (const [logicalId, { Type, Properties, Condition }] of Object.entries(template.Resources)) {
    if (Type === 'AWS::CDK::Metadata') continue;
    const isBundled = Type === 'AWS::Lambda::Function' && assetKey(template, logicalId) !== undefined;
    content[logicalId] = { Type, Condition, Properties: isBundled ? { ...Properties, Code: 'an asset' } : Properties };
  }
  return content;
}

function changesBetween(before: Content, after: Content): readonly string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].filter((name) => !isDeepStrictEqual(before[name], after[name])).sort();
}
