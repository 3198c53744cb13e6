/** The time of the local cloud. Long waits use it, so that a test can skip them. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Runs it once. @returns a function that cancels it */
  after(delayMs: number, run: () => void): () => void;
}

/** Runs at the speed of the machine's clock. Tests can move it forward. */
export interface MovableClock extends Clock {
  /** How far it is ahead of the machine's clock. */
  readonly aheadMs: number;
  /**
   * Callbacks that come due run in order, each at its own time. Work that they start in other processes runs at the speed
   * of the machine.
   */
  advance(byMs: number): void;
  /** Called after each move. */
  onMove(listener: () => void): void;
  /** Cancels all waiting callbacks. */
  close(): void;
}

interface Waiting {
  readonly dueMs: number;
  readonly run: () => void;
  handle: NodeJS.Timeout;
}

/** The longest delay of `setTimeout`. With a longer one it fires at once. */
export const longestTimeoutMs = 2 ** 31 - 1;

export function createClock(machine: () => number = Date.now): MovableClock {
  let aheadMs = 0;
  const all = new Set<Waiting>();
  const listeners: (() => void)[] = [];
  const now = () => machine() + aheadMs;

  function arm(waiting: Pick<Waiting, 'dueMs'>, onDue: () => void): NodeJS.Timeout {
    return setTimeout(onDue, Math.min(Math.max(0, waiting.dueMs - now()), longestTimeoutMs));
  }

  function wake(waiting: Waiting): void {
    if (waiting.dueMs > now()) {
      waiting.handle = arm(waiting, () => wake(waiting));
      return;
    }
    all.delete(waiting);
    waiting.run();
  }

  function nextUntil(endMs: number): Waiting | undefined {
    let next: Waiting | undefined;
    for (const waiting of all) {
      if (waiting.dueMs <= endMs && (next === undefined || waiting.dueMs < next.dueMs)) next = waiting;
    }
    return next;
  }

  return {
    now,
    get aheadMs() {
      return aheadMs;
    },
    after(delayMs, run) {
      const dueMs = now() + delayMs;
      const waiting: Waiting = { dueMs, run, handle: arm({ dueMs }, () => wake(waiting)) };
      all.add(waiting);
      return () => {
        clearTimeout(waiting.handle);
        all.delete(waiting);
      };
    },
    advance(byMs) {
      if (!(byMs >= 0 && Number.isFinite(byMs))) throw new Error(`A clock moves only forward (got ${byMs} ms).`);
      const endMs = now() + byMs;
      for (let next = nextUntil(endMs); next !== undefined; next = nextUntil(endMs)) {
        aheadMs += Math.max(0, next.dueMs - now());
        clearTimeout(next.handle);
        all.delete(next);
        next.run();
      }
      aheadMs += Math.max(0, endMs - now());
      for (const waiting of all) {
        clearTimeout(waiting.handle);
        waiting.handle = arm(waiting, () => wake(waiting));
      }
      for (const listener of listeners) listener();
    },
    onMove: (listener) => void listeners.push(listener),
    close() {
      for (const { handle } of all) clearTimeout(handle);
      all.clear();
    },
  };
}
