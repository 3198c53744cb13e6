/** The lifecycle of a program that runs until it is stopped. */
export interface Lifecycle {
  /** Aborted when the program must stop. */
  readonly signal: AbortSignal;
  /** Adds a cleanup step. The steps run at the end, the last one first. */
  onEnd(end: () => Promise<void>): void;
  /**
   * Call this between two steps of the start, so that no step begins after Ctrl-C.
   * @throws if the program was stopped
   */
  throwIfStopped(): void;
}

const parentWatchMs = 500;

/**
 * Runs `start`, waits, and cleans up: at Ctrl-C, when the parent process ends, or when `start` fails. Cleanup waits for
 * the step that is running; a second Ctrl-C exits at once.
 * @throws the error of `start`, after the cleanup
 */
export async function runUntilStopped(start: (life: Lifecycle) => Promise<void>): Promise<void> {
  const ends: (() => Promise<void>)[] = [];
  const interruption = new AbortController();
  const { signal } = interruption;
  const stopped = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));

  // npm does not forward SIGTERM, so an orphan would keep the ports.
  const parent = process.ppid;
  const watch = setInterval(() => process.ppid !== parent && interruption.abort(), parentWatchMs).unref();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => (signal.aborted ? process.exit(130) : interruption.abort()));
  }

  try {
    await start({
      signal,
      onEnd: (end) => void ends.push(end),
      throwIfStopped: () => signal.throwIfAborted(),
    });
    await stopped;
  } catch (error) {
    // Errors after the interruption are expected.
    if (!signal.aborted) throw error;
  } finally {
    clearInterval(watch);
    for (const end of ends.reverse()) {
      await end().catch((error: unknown) => console.error(`session-socket: while stopping: ${error}`));
    }
  }
}
