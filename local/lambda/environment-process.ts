import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { hasGroups, signalAll, signalGroup } from '../process-group.ts';
import type { EnvironmentSettings } from './function-settings.ts';
import type { RuntimeSettings } from './runtime/main.ts';

export interface EnvironmentProcessOptions {
  readonly settings: Pick<EnvironmentSettings, 'runtime' | 'redirects' | 'memoryMb' | 'freezer'>;
  /** How far its clock is ahead of the machine's. */
  readonly clockOffsetMs: number;
  readonly taskRoot: string;
  readonly variables: Readonly<Record<string, string>>;
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
export class EnvironmentProcess {
  readonly #options: EnvironmentProcessOptions;
  readonly #process: ChildProcess;
  readonly #memory: MemoryMeter | undefined;
  readonly #gone: Promise<void>;
  #isFrozen = false;
  #isOutOfMemory = false;

  constructor(options: EnvironmentProcessOptions) {
    this.#options = options;
    const { runtime, redirects, memoryMb, freezer } = options.settings;
    const child = spawn(process.execPath, [...heapFlags(memoryMb), loader], {
      cwd: options.taskRoot,
      env: options.variables,
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
      detached: hasGroups,
    });
    this.#process = child;
    this.#memory = child.pid === undefined ? undefined : measureMemory(child.pid);
    if (child.pid !== undefined) freezer.adopt(child);
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
        freezer.forget(child);
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
    const { clockOffsetMs } = options;
    const settings: RuntimeSettings = { clockOffsetMs, sdkBeside: import.meta.filename, redirects };
    child.stdin?.end(`${JSON.stringify(settings)}\n${runtime}`);
  }

  get peakMemoryMb(): number | undefined {
    return this.#memory?.peakMb();
  }

  /** Reads its memory now; the answer stays true. */
  exceedsMemory(): boolean {
    const peakMb = this.peakMemoryMb;
    this.#isOutOfMemory ||= peakMb !== undefined && peakMb > this.#options.settings.memoryMb;
    return this.#isOutOfMemory;
  }

  /** Whether `exceedsMemory` was ever true. */
  get isOutOfMemory(): boolean {
    return this.#isOutOfMemory;
  }

  freeze(): void {
    this.#isFrozen = true;
    this.#options.settings.freezer.freeze(this.#process);
  }

  thaw(): void {
    if (this.#isFrozen) this.#options.settings.freezer.thaw(this.#process);
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

/** The most memory that a process ever held. */
interface MemoryMeter {
  /** undefined where this machine does not tell, or when the process has gone */
  peakMb(): number | undefined;
  close(): void;
}

// Only Linux has it: https://man7.org/linux/man-pages/man5/proc_pid_status.5.html
export const canMeasureMemory = process.platform === 'linux';

/** Keeps the file open, because a warm invocation is too short to open one. */
function measureMemory(pid: number): MemoryMeter {
  const buffer = Buffer.allocUnsafe(1024);
  let file = open(pid);
  let lastMb: number | undefined;
  return {
    peakMb() {
      if (file === undefined) return lastMb;
      try {
        const text = buffer.toString('latin1', 0, readSync(file, buffer, 0, buffer.length, 0));
        const kilobytes = /^VmHWM:\s+(\d+)/m.exec(text)?.[1];
        if (kilobytes !== undefined) lastMb = Number(kilobytes) / 1024;
      } catch {
        // It has gone; what was read before is its last.
      }
      return lastMb;
    },
    close() {
      if (file !== undefined) closeSync(file);
      file = undefined;
    },
  };
}

function open(pid: number): number | undefined {
  if (!canMeasureMemory) return undefined;
  try {
    return openSync(`/proc/${pid}/status`, 'r');
  } catch {
    return undefined;
  }
}

/**
 * Calls back for each log event in the stream. The runtime client writes the line breaks inside one as carriage returns,
 * as AWS's own does where it writes to stdout: https://github.com/aws/aws-lambda-nodejs-runtime-interface-client
 */
function readLines(stream: Readable, onLine: (line: string) => void): void {
  let unread = '';
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    const lines = (unread + text).split('\n');
    unread = lines.pop() ?? '';
    for (const line of lines) onLine(toEvent(line));
  });
  stream.on('end', () => {
    if (unread !== '') onLine(toEvent(unread));
  });
}

function toEvent(line: string): string {
  return line.replace(/\r$/, '').replaceAll('\r', '\n');
}

/**
 * The runtime client as the JavaScript that is piped into every environment: no file is written and nothing left behind. It is
 * the same for every local cloud of a process, so it is bundled once, when this file is imported.
 */
export const runtimeSource = bundleRuntime();

function bundleRuntime(): string {
  // The synchronous form, because the other one leaves esbuild's own process running.
  const { outputFiles } = buildSync({
    // main.ts in the checkout, main.js in the npm package.
    entryPoints: [fileURLToPath(new URL('./runtime/main', import.meta.url))],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
  });
  return outputFiles[0]?.text ?? '';
}
