import { connectionLifetime } from './connection.ts';

/**
 * Logouts, by the name of an owner: `user:<id>`, all of a user's sockets, or `session:<hash>`, those of one session.
 *
 * `add` remembers the latest for as long as a socket may be open that opened before it: the client may bring a sign-in or a subscription that
 * PHP signed before the logout. `isRevokedSince` answers whether one of these was added at this instant (epoch milliseconds) or
 * later; it MUST answer by what was written last: `connect` registers first and asks then, a revocation is added first and looks for
 * connections then, so that one of the two sees the other.
 */
export interface Revocations {
  add(principalId: string, revokedAt: number): Promise<void>;
  isRevokedSince(principalIds: readonly string[], instant: number): Promise<boolean>;
}

/** Seconds. */
export const revocationMemory = connectionLifetime;
