import { startStopwatch } from '../clock.ts';
import { type Connection, sessionOwner, userOwner } from '../connections/connection.ts';
import type { Revocations } from '../connections/revocations.ts';
import { type EndReport, type EndWorld, endConnections } from './close-connections.ts';

/** Whose sockets are to close: all of a user, or those of one session, which PHP may have named a user for. */
export type Revocation =
  | { readonly userId: string; readonly sessionHash?: undefined }
  | { readonly userId?: string | undefined; readonly sessionHash: string };

export interface RevokeWorld extends EndWorld {
  readonly revocations: Revocations;
}

export interface RevokeReport extends EndReport {
  readonly took: EndReport['took'] & Partial<Record<'revoke' | 'find', number>>;
}

/**
 * Closes the sockets of a session, whichever user they belong to, or every socket that acts as a user, for good. The revocation
 * comes first, so that a handshake, a sign-in or a subscription under way undoes itself.
 * @param deadline epoch milliseconds
 */
export async function revoke(revocation: Revocation, world: RevokeWorld, deadline: number): Promise<RevokeReport> {
  const watch = startStopwatch<'revoke' | 'find'>(world.clock);
  await world.revocations.add(ownerIn(revocation), world.clock.now());
  watch.lap('revoke');
  const found = await findConnections(revocation, world);
  watch.lap('find');
  const report = await endConnections(found, 'revoked', world, deadline);
  return { ...report, took: { ...watch.laps, ...report.took } };
}

/** The session where one is named, because another session of its user may go on. */
function ownerIn({ userId, sessionHash }: Revocation): string {
  return sessionHash === undefined ? userOwner(userId) : sessionOwner(sessionHash);
}

async function findConnections(
  { userId, sessionHash }: Revocation,
  { registry }: Pick<RevokeWorld, 'registry'>,
): Promise<readonly Connection[]> {
  const pages = sessionHash === undefined ? registry.ofUser(userId) : registry.ofSession(sessionHash, userId);
  return listConnections(pages);
}

/** Each once. */
export async function listConnections(pages: AsyncIterable<readonly Connection[]>): Promise<readonly Connection[]> {
  const found = new Map<string, Connection>();
  for await (const page of pages) for (const connection of page) found.set(connection.connectionId, connection);
  return [...found.values()];
}
