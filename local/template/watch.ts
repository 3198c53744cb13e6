import { type FSWatcher, watch } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { LocalFunction } from '../lambda/function.ts';
import type { Log } from '../log.ts';
import { type Assembly, readAssembly, type Template } from './assembly.ts';

/** Tells when folders have changed and are quiet again. */
export interface Watch {
  /** What is watched from now on: these folders, without those inside them. */
  over(folders: Iterable<string>): void;
  /** Looks again later, whatever happens: for what cannot be watched, or is being written. */
  again(): void;
  /** Resolves when nothing more runs. */
  close(): Promise<void>;
}

/** Programs that write several files leave less than this between two of them. */
const quietMs = 60;
const againMs = 250;

/**
 * One folder at a time, because watching whole trees loses events of new folders on Linux:
 * https://nodejs.org/docs/latest-v20.x/api/fs.html#caveats
 * @param onQuiet never runs twice at the same time
 */
export function startWatch(onQuiet: () => Promise<void>): Watch {
  let watchers: FSWatcher[] = [];
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let isRunning = false;
  let isClosed = false;

  function soon(afterMs: number): void {
    clearTimeout(timer);
    if (!isClosed) timer = setTimeout(run, afterMs);
  }

  function run(): void {
    if (isRunning) {
      soon(quietMs);
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
    over(folders) {
      stop();
      if (isClosed) return;
      for (const folder of folders) {
        try {
          const watcher = watch(folder, () => soon(quietMs));
          watcher.on('error', () => soon(againMs));
          watchers.push(watcher);
        } catch {
          // It is gone for the moment, or the system has no more watches to give.
          soon(againMs);
        }
      }
    },
    again: () => soon(againMs),
    async close() {
      isClosed = true;
      clearTimeout(timer);
      stop();
      await running;
    },
  };
}

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
  let reported = started;
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
    reportChanges(withoutCode(template));
  }

  /** Once for each state that it is in. */
  function reportChanges(current: typeof started): void {
    if (isDeepStrictEqual(current, reported)) return;
    reported = current;
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

/** What a template asks for, by logical id and, for what is no resource, by the section's name. */
type Content = Readonly<Record<string, unknown>>;

const sections = ['Conditions', 'Mappings', 'Outputs', 'Parameters', 'Transform'];

/** @returns undefined for a function whose code is no asset */
export function assetKey({ Resources }: Template, logicalId: string): string | undefined {
  const { S3Key } = Object(Resources[logicalId]?.Properties?.['Code']) as { S3Key?: unknown };
  return typeof S3Key === 'string' ? S3Key : undefined;
}

/** Without what any `cdk synth` changes: the keys of bundles, and notes that nobody deploys. */
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
