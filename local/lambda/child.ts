import { type ChildProcess, spawn } from 'node:child_process';
import type { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { signalGroup } from '../until-our-end.ts';
import type { Freezer } from './freezer.ts';
import { readLines } from './lines.ts';
import { type MemoryMeter, measureMemory } from './memory.ts';
import { hasGroups, signalAll } from './process-group.ts';
import type { RuntimeSettings } from './runtime/settings.ts';

export interface ChildOptions {
  /** The runtime client, as JavaScript. */
  readonly runtime: string;
  readonly settings: RuntimeSettings;
  readonly taskRoot: string;
  readonly memoryMb: number;
  readonly variables: Readonly<Record<string, string>>;
  readonly freezer: Freezer;
  readonly onLine: (line: string) => void;
  /** Its last lines may still be on their way. */
  readonly onExit: () => void;
  /** After its last line. */
  readonly onGone: (code: number | null, signal: NodeJS.Signals | null) => void;
  readonly onNotStarted: (error: Error) => void;
}

const loader = fileURLToPath(new URL('./runtime/loader.cjs', import.meta.url));

const lastLinesMs = 200;

/** The process of an environment. */
export class Child {
  readonly #options: ChildOptions;
  readonly #process: ChildProcess;
  readonly #memory: MemoryMeter | undefined;
  readonly #gone: Promise<void>;
  #isFrozen = false;

  constructor(options: ChildOptions) {
    this.#options = options;
    const child = spawn(process.execPath, [...heapFlags(options.memoryMb), loader], {
      cwd: options.taskRoot,
      env: options.variables,
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
      detached: hasGroups,
    });
    this.#process = child;
    this.#memory = child.pid === undefined ? undefined : measureMemory(child.pid);
    if (child.pid !== undefined) options.freezer.adopt(child);
    this.#gone = new Promise((resolve) => {
      const onGone = () => {
        clearTimeout(patience);
        resolve();
      };
      let patience: NodeJS.Timeout | undefined;
      child.once('error', (error) => {
        options.onNotStarted(error);
        onGone();
      });
      child.once('exit', () => {
        options.onExit();
        this.#memory?.close();
        options.freezer.forget(child);
        if (hasGroups) signalGroup(child.pid, 'SIGKILL'); // what it started and left behind
        // Something that has left the group may hold its output open for ever.
        patience = setTimeout(onGone, lastLinesMs);
      });
      child.once('close', onGone);
    });
    void this.#gone.then(() => options.onGone(child.exitCode, child.signalCode));
    for (const stream of [child.stdout, child.stderr]) if (stream !== null) readLines(stream, options.onLine);
    // A child that dies at once closes the pipes under us; its exit says what there is to say.
    child.stdin?.on('error', () => undefined);
    child.stdio[3]?.on('error', () => undefined);
    child.stdin?.end(`${JSON.stringify(options.settings)}\n${options.runtime}`);
  }

  get peakMemoryMb(): number | undefined {
    return this.#memory?.peakMb();
  }

  freeze(): void {
    this.#isFrozen = true;
    this.#options.freezer.freeze(this.#process);
  }

  thaw(): void {
    if (this.#isFrozen) this.#options.freezer.thaw(this.#process);
    this.#isFrozen = false;
  }

  /** For a process that is at work: one that is frozen is told with its next event. */
  setClock(offsetMs: number): void {
    (this.#process.stdio[3] as Writable | null)?.write(`${offsetMs}\n`);
  }

  kill(): void {
    signalAll(this.#process, 'SIGKILL');
  }

  /** Resolves when the process has gone and its last line was read. */
  async close(): Promise<void> {
    this.kill();
    await this.#gone;
  }
}

/**
 * What AWS starts Node.js with, lest V8 takes the memory of the machine for its own: 90 % for old objects and 5 % for each
 * half of the young ones, https://github.com/aws/aws-lambda-nodejs-runtime-interface-client names the flags, and the
 * bootstrap of nodejs8.10, the last that was a readable script, the shares.
 */
function heapFlags(memoryMb: number): readonly string[] {
  const semiSpaceMb = Math.max(1, Math.floor(memoryMb * 0.05));
  return [`--max-semi-space-size=${semiSpaceMb}`, `--max-old-space-size=${Math.floor(memoryMb * 0.9)}`];
}
