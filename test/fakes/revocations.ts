import type { Clock } from '../../functions/core/clock.ts';
import { type Revocations, revocationMemory } from '../../functions/core/connections/revocations.ts';

/** Revocations in memory. */
export class MemoryRevocations implements Revocations {
  readonly #times = new Map<string, number>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async add(principalId: string, revokedAt: number): Promise<void> {
    this.#times.set(principalId, Math.max(revokedAt, this.#times.get(principalId) ?? 0));
  }

  async isRevokedSince(principalIds: readonly string[], instant: number): Promise<boolean> {
    const now = Math.floor(this.#clock.now() / 1000);
    const isKept = (time: number) => Math.floor(time / 1000) + revocationMemory > now;
    return principalIds.some((name) => {
      const time = this.#times.get(name);
      return time !== undefined && time >= instant && isKept(time);
    });
  }

  get names(): readonly string[] {
    return [...this.#times.keys()];
  }
}
