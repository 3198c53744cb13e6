import type { ConnectionRegistry, RegisteredConnection } from './connection-registry.ts';
import { type EndReport, type EndWorld, endConnections } from './end-connections.ts';
import type { Revocations } from './revocations.ts';
import { startStopwatch } from './stopwatch.ts';

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
 * Closes the sockets of a session or a user for good. The revocation comes first, so that a handshake under way undoes
 * itself.
 * @param deadline epoch milliseconds
 */
export async function revoke(revocation: Revocation, world: RevokeWorld, deadline: number): Promise<RevokeReport> {
  const watch = startStopwatch<'revoke' | 'find'>(world.clock);
  await world.revocations.add(nameOf(revocation), world.clock.now());
  watch.lap('revoke');
  const found = await findConnections(revocation, world.registry);
  watch.lap('find');
  const report = await endConnections(found, 'revoked', world, deadline);
  return { ...report, took: { ...watch.laps, ...report.took } };
}

/** Also of a session that has a user, because another session of that user may go on. */
function nameOf({ userId, sessionHash }: Revocation): string {
  return sessionHash === undefined ? `user:${userId}` : `session:${sessionHash}`;
}

async function findConnections(
  { userId, sessionHash }: Revocation,
  registry: ConnectionRegistry,
): Promise<RegisteredConnection[]> {
  const found: RegisteredConnection[] = [];
  const sources = [
    ...(sessionHash === undefined ? [] : [registry.of(`session:${sessionHash}`)]),
    ...(userId === undefined ? [] : [registry.of(`user:${userId}`, sessionHash)]),
  ];
  for (const pages of sources) for await (const page of pages) found.push(...page);
  return found;
}
