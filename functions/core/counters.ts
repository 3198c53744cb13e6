/**
 * Numbers that all Lambdas share. `add` adds to the one with this name, which begins at nought and may be forgotten from
 * `expiresAt` (epoch seconds) on, and answers what it is then.
 */
export interface Counters {
  add(name: string, amount: number, expiresAt: number): Promise<number>;
}
