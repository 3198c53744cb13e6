import type { Clock } from '../../functions/core/clock.ts';
import type { Claims } from '../../functions/core/connections/claims.ts';

/** Claims in memory. */
export class MemoryClaims implements Claims {
  readonly #held = new Map<string, number>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async claim(name: string, expiresAt: number): Promise<boolean> {
    if (this.isHeld(name)) return false;
    this.#held.set(name, expiresAt);
    return true;
  }

  async holds(name: string): Promise<boolean> {
    return this.isHeld(name);
  }

  async release(name: string): Promise<void> {
    this.#held.delete(name);
  }

  isHeld(name: string): boolean {
    return (this.#held.get(name) ?? 0) > Math.floor(this.#clock.now() / 1000);
  }

  get names(): readonly string[] {
    return [...this.#held.keys()];
  }
}
