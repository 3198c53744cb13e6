import { type FSWatcher, watch } from 'node:fs';

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
