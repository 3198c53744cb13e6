import { setImmediate as settle } from 'node:timers/promises';
import type { Clock } from '../../functions/core/clock.ts';

interface Sleeper {
  readonly wakesAt: number;
  readonly wake: () => void;
}

const maxWakings = 10_000;

/** A clock that moves by hand, so that two actors meet exactly where a test wants them to. */
export class ManualClock implements Clock {
  #now: number;
  readonly #sleepers: Sleeper[] = [];
  #wakings = 0;

  constructor(start: number | string = '2026-11-20T12:00:00.000Z') {
    this.#now = new Date(start).getTime();
  }

  now(): number {
    return this.#now;
  }

  pause(milliseconds: number): Promise<void> {
    return new Promise((wake) => {
      this.#sleepers.push({ wakesAt: this.#now + milliseconds, wake });
    });
  }

  /** Advances the time. It wakes each due caller at their own time, after the one before is done. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    await settle();
    for (let next = this.#nextBy(end); next !== undefined; next = this.#nextBy(end)) {
      this.#wakings += 1;
      if (this.#wakings > maxWakings) throw new Error('A pause never ends.');
      this.#now = Math.max(this.#now, next.wakesAt);
      next.wake();
      await settle();
    }
    this.#now = end;
  }

  /** Advances the time until `work` is done. */
  async finish<T>(work: Promise<T>): Promise<T> {
    const state = { isOver: false };
    const over = () => {
      state.isOver = true;
    };
    work.then(over, over);
    for (await settle(); !state.isOver; await settle()) {
      const [next] = this.#sleepers.toSorted((a, b) => a.wakesAt - b.wakesAt);
      if (next === undefined) throw new Error('The work waits for something that is not the clock.');
      await this.advance(Math.max(0, next.wakesAt - this.#now));
    }
    return work;
  }

  #nextBy(end: number): Sleeper | undefined {
    const [next] = this.#sleepers.filter(({ wakesAt }) => wakesAt <= end).toSorted((a, b) => a.wakesAt - b.wakesAt);
    if (next !== undefined) this.#sleepers.splice(this.#sleepers.indexOf(next), 1);
    return next;
  }
}
