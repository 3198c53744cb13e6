import type { Clock } from '../../functions/core/clock.ts';
import { emptyGuardState, type GuardMemory, type GuardState } from '../../functions/core/sessions/guard-memory.ts';

/** The guard's state in memory. */
export class MemoryGuard implements GuardMemory {
  #state: GuardState | undefined;
  #expiresAt = 0;
  #releasedUntil = 0;
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async read(): Promise<GuardState> {
    const isThere = this.#state !== undefined && this.#expiresAt > this.#seconds();
    return isThere && this.#state !== undefined ? this.#state : emptyGuardState(Buffer.from('salt'));
  }

  async write(...[state, , expiresAt]: Parameters<GuardMemory['write']>): Promise<void> {
    this.#state = state;
    this.#expiresAt = expiresAt;
  }

  async release(until: number): Promise<void> {
    this.#releasedUntil = until;
  }

  async isReleased(): Promise<boolean> {
    return this.#releasedUntil > this.#seconds();
  }

  #seconds(): number {
    return Math.floor(this.#clock.now() / 1000);
  }
}
