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
  /** How far its clock is ahead of the machine's clock. */
  readonly clockOffsetMs: number;
  readonly taskRoot: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly onLine: (line: string) => void;
  /** The process has exited, but its last lines may still arrive. */
  readonly onExit: () => void;
  /** Called after the last line. */
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
        if (hasGroups) signalGroup(child.pid, 'SIGKILL'); // its remaining child processes
        // A process that left the group may keep the output open forever.
        patience = setTimeout(onGone, lastLinesMs);
      });
      child.once('close', onGone);
    });
    void this.#gone.then(() => options.onGone(child.exitCode, child.signalCode));
    for (const stream of [child.stdout, child.stderr]) if (stream !== null) readLines(stream, options.onLine);
    // A child that dies at once closes the pipes. Its exit is reported separately.
    child.stdin?.on('error', () => undefined);
    child.stdio[3]?.on('error', () => undefined);
    const { clockOffsetMs } = options;
    const settings: RuntimeSettings = { clockOffsetMs, sdkBeside: import.meta.filename, redirects };
    child.stdin?.end(`${JSON.stringify(settings)}\n${runtime}`);
  }

  get peakMemoryMb(): number | undefined {
    return this.#memory?.peakMb();
  }

  /** Reads the memory now. Once true, it stays true. */
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

  /** For a running process. A frozen process gets the clock with its next event. */
  setClock(offsetMs: number): void {
    (this.#process.stdio[3] as Writable | null)?.write(`${offsetMs}\n`);
  }

  kill(): void {
    signalAll(this.#process, 'SIGKILL');
  }

  /** Resolves when the process has ended and its last line is read. */
  async close(): Promise<void> {
    this.kill();
    await this.#gone;
  }
}

/**
 * The heap flags of AWS, which size V8 by the function's memory instead of the machine's: 90 % for old objects and 5 % for
 * each semi-space. The flags are from https://github.com/aws/aws-lambda-nodejs-runtime-interface-client, the shares from
 * the bootstrap of nodejs8.10, the last readable script.
 */
function heapFlags(memoryMb: number): readonly string[] {
  const semiSpaceMb = Math.max(1, Math.floor(memoryMb * 0.05));
  return [`--max-semi-space-size=${semiSpaceMb}`, `--max-old-space-size=${Math.floor(memoryMb * 0.9)}`];
}

/** Measures the peak memory of a process. */
interface MemoryMeter {
  /** undefined if this system cannot measure it, or the process has ended */
  peakMb(): number | undefined;
  close(): void;
}

// Only on Linux: https://man7.org/linux/man-pages/man5/proc_pid_status.5.html
export const canMeasureMemory = process.platform === 'linux';

/** Keeps the file open, because opening it takes too long for a warm invocation. */
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
        // The process has ended; keep the last value.
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
 * Calls back for each log event in the stream. The runtime client writes line breaks inside an event as carriage returns,
 * as AWS's client does on stdout: https://github.com/aws/aws-lambda-nodejs-runtime-interface-client
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
 * The runtime client's JavaScript, which is piped into every environment, so no file is written. All local clouds of a
 * process share it, so it is bundled once, at import.
 */
export const runtimeSource = bundleRuntime();

function bundleRuntime(): string {
  // Synchronous, because the asynchronous API keeps esbuild's process running.
  const { outputFiles } = buildSync({
    // Resolves to main.ts in the checkout, main.js in the npm package.
    entryPoints: [fileURLToPath(new URL('./runtime/main', import.meta.url))],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
  });
  return outputFiles[0]?.text ?? '';
}
