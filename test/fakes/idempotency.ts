import type { Clock } from '../../functions/core/clock.ts';
import {
  type Attempt,
  answerMemory,
  attemptSeconds,
  type Beginning,
  type Idempotency,
} from '../../functions/core/http-api/idempotency.ts';

interface Row {
  readonly bodyHash: string;
  readonly answer?: string;
  /** Epoch seconds, both. */
  readonly attemptEndsAt: number;
  readonly expiresAt: number;
}

/** Requests and their answers in memory. */
export class MemoryIdempotency implements Idempotency {
  readonly #rows = new Map<string, Row>();
  readonly #clock: Pick<Clock, 'now'>;

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  async begin({ name, bodyHash }: Attempt): Promise<Beginning> {
    const now = this.#seconds();
    const row = this.#rows.get(name);
    const isThere = row !== undefined && row.expiresAt > now;
    if (isThere && row.bodyHash !== bodyHash) return 'other-request';
    if (isThere && row.answer !== undefined) return { answer: row.answer };
    if (isThere && row.attemptEndsAt > now) return 'under-way';
    this.#rows.set(name, { bodyHash, attemptEndsAt: now + attemptSeconds, expiresAt: now + answerMemory });
    return 'ours';
  }

  async finish({ name, bodyHash }: Attempt, answer: string): Promise<void> {
    this.#rows.set(name, { bodyHash, answer, attemptEndsAt: 0, expiresAt: this.#seconds() + answerMemory });
  }

  async abandon({ name }: Attempt): Promise<void> {
    if (this.#rows.get(name)?.answer === undefined) this.#rows.delete(name);
  }

  get names(): readonly string[] {
    return [...this.#rows.keys()];
  }

  #seconds(): number {
    return Math.floor(this.#clock.now() / 1000);
  }
}
