/**
 * What may happen only once, although several Lambdas may try. `claim` answers true to exactly one caller for one name
 * until the claim is released or has expired (epoch seconds); an expired claim MUST count as free although its row may still be
 * there. `holds` answers, by what was written last, whether one is held, and takes none. `release` gives a claim back; it MUST NOT fail when there is none.
 */
export interface Claims {
  claim(name: string, expiresAt: number): Promise<boolean>;
  holds(name: string): Promise<boolean>;
  release(name: string): Promise<void>;
}
