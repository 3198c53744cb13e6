/**
 * The port to claims: they make sure that something happens once, although several Lambdas may try.
 *
 * `claim` returns true to exactly one caller per name, until the claim is released or has expired (epoch seconds). An
 * expired claim MUST count as free, although its row may still exist.
 * `holds` returns whether a claim is held, and takes none. It MUST read the latest write.
 * `release` gives a claim back. It MUST NOT fail when there is none.
 */
export interface Claims {
  claim(name: string, expiresAt: number): Promise<boolean>;
  holds(name: string): Promise<boolean>;
  release(name: string): Promise<void>;
}
