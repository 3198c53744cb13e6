import { connectionLifetime } from './connection.ts';

/**
 * The port to logouts, by the name of an owner: `user:<id>` for all sockets of a user, `session:<hash>` for those of
 * one session.
 *
 * `add` stores the latest logout for as long as an older socket may be open. Its client may still send a sign-in or a
 * subscription that PHP signed before the logout.
 * `isRevokedSince` returns whether one of these owners was revoked at this instant (epoch milliseconds) or later. It
 * MUST read the latest write. `connect` registers and then asks; a logout is added and then looks for connections. So
 * one of them sees the other.
 */
export interface Revocations {
  add(principalId: string, revokedAt: number): Promise<void>;
  isRevokedSince(principalIds: readonly string[], instant: number): Promise<boolean>;
}

/** Seconds. */
export const revocationMemory = connectionLifetime;
