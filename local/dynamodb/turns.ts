/**
 * Who works together and who works alone: single operations share, a transaction has everything for itself. In order of
 * arrival, so neither starves the other.
 */
export interface Turns {
  together<T>(work: () => Promise<T>): Promise<T>;
  alone<T>(work: () => Promise<T>): Promise<T>;
}

export function createTurns(): Turns {
  let working = 0;
  let isAlone = false;
  const waiting: { readonly alone: boolean; readonly start: () => void }[] = [];

  function startNext(): void {
    for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
      if (isAlone || (next.alone && working > 0)) return;
      waiting.shift();
      working += 1;
      isAlone = next.alone;
      next.start();
    }
  }

  async function take<T>(alone: boolean, work: () => Promise<T>): Promise<T> {
    if (isAlone || waiting.length > 0 || (alone && working > 0)) {
      await new Promise<void>((start) => void waiting.push({ alone, start }));
    } else {
      working += 1;
      isAlone = alone;
    }
    try {
      return await work();
    } finally {
      working -= 1;
      isAlone = false;
      startNext();
    }
  }

  return { together: (work) => take(false, work), alone: (work) => take(true, work) };
}
