/** What a program that runs until somebody stops it can say of itself while it starts. */
export interface Life {
  /** Aborted when somebody wants it to end. */
  readonly signal: AbortSignal;
  /** Runs when it ends, the last first. */
  undo(end: () => Promise<void>): void;
  /**
   * Between two steps of the start: nothing more is begun once somebody pressed Ctrl-C.
   * @throws then
   */
  goOn(): void;
}

const parentWatchMs = 500;

/**
 * Starts it and ends it: at Ctrl-C, with the process that started this one, or when it cannot start. What is half started
 * is ended once it has started; a second Ctrl-C does not wait.
 * @throws what `start` throws, after everything was undone
 */
export async function live(start: (life: Life) => Promise<void>): Promise<void> {
  const ends: (() => Promise<void>)[] = [];
  const interruption = new AbortController();
  const { signal } = interruption;
  const stopped = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));

  // npm dies of a SIGTERM and does not pass it on: an orphan would keep the ports.
  const parent = process.ppid;
  const watch = setInterval(() => process.ppid !== parent && interruption.abort(), parentWatchMs).unref();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => (signal.aborted ? process.exit(130) : interruption.abort()));
  }

  try {
    await start({
      signal,
      undo: (end) => void ends.push(end),
      goOn: () => signal.throwIfAborted(),
    });
    await stopped;
  } catch (error) {
    // Whatever breaks off because of the interruption is no failure.
    if (!signal.aborted) throw error;
  } finally {
    clearInterval(watch);
    for (const end of ends.reverse()) {
      await end().catch((error: unknown) => console.error(`session-socket: while stopping: ${error}`));
    }
  }
}
