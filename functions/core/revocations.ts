/**
 * What was ended over PHP a moment ago, by the name of a principal: `user:<id>`, all of a user's sockets, or
 * `session:<hash>`, those of one session, whoever its user is.
 *
 * `add` remembers it for as long as a handshake may be under way that knows nothing of it yet. `isRevokedSince` answers
 * whether one of these was added at this instant (epoch milliseconds) or later; it MUST answer by what was written last:
 * `connect` registers first and asks then, a revocation is added first and looks for connections then, so that one of the
 * two sees the other.
 */
export interface Revocations {
  add(principalId: string, revokedAt: number): Promise<void>;
  isRevokedSince(principalIds: readonly string[], instant: number): Promise<boolean>;
}

/** Seconds. A ticket lives for 35 and a handshake takes 30 at most; then PHP itself knows of no such session. */
export const revocationMemory = 300;
