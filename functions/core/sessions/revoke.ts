import { type Clock, startStopwatch } from '../clock.ts';
import { type Connection, sessionOwner, userOwner } from '../connections/connection.ts';
import type { ConnectionRegistry } from '../connections/connection-registry.ts';
import type { Revocations } from '../connections/revocations.ts';
import type { CloseConnections, CloseReport } from './close-connections.ts';

/** The sockets to close: all sockets of a user, or those of one session, for which PHP may have named a user. */
export type Revocation =
  | { readonly userId: string; readonly sessionHash?: undefined }
  | { readonly userId?: string | undefined; readonly sessionHash: string };

export interface RevokeReport extends CloseReport {
  readonly took: CloseReport['took'] & Partial<Record<'revoke' | 'find', number>>;
}

/**
 * Closes permanently the sockets of a session, whichever user they have, or every socket that acts as a user. The
 * revocation is written first, so that a handshake, a sign-in or a subscription at the same time finds it and is
 * refused.
 * @param deadline epoch milliseconds
 */
export type Revoke = (revocation: Revocation, deadline: number) => Promise<RevokeReport>;

export interface RevokeParts {
  readonly registry: Pick<ConnectionRegistry, 'ofUser' | 'ofSession'>;
  readonly revocations: Pick<Revocations, 'add'>;
  readonly closeConnections: CloseConnections;
  readonly clock: Clock;
}

export function createRevoke({ registry, revocations, closeConnections, clock }: RevokeParts): Revoke {
  return async (revocation, deadline) => {
    const watch = startStopwatch<'revoke' | 'find'>(clock);
    await revocations.add(ownerIn(revocation), clock.now());
    watch.lap('revoke');
    const { userId, sessionHash } = revocation;
    const pages = sessionHash === undefined ? registry.ofUser(userId) : registry.ofSession(sessionHash, userId);
    const found = await listConnections(pages);
    watch.lap('find');
    const report = await closeConnections(found, 'revoked', deadline);
    return { ...report, took: { ...watch.laps, ...report.took } };
  };
}

/** A revocation of a session revokes only that session, because the user's other sessions continue. */
function ownerIn({ userId, sessionHash }: Revocation): string {
  return sessionHash === undefined ? userOwner(userId) : sessionOwner(sessionHash);
}

/** Lists each connection once. */
export async function listConnections(pages: AsyncIterable<readonly Connection[]>): Promise<readonly Connection[]> {
  const found = new Map<string, Connection>();
  for await (const page of pages) for (const connection of page) found.set(connection.connectionId, connection);
  return [...found.values()];
}
