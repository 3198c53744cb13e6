import { channelOfUser } from './channel.ts';
import type { RegisteredConnection } from './connection-registry.ts';
import { type EndReport, type EndWorld, endConnections } from './end-connections.ts';
import type { Revocations } from './revocations.ts';
import { startStopwatch } from './stopwatch.ts';
import type { Subscriptions } from './subscriptions.ts';

/** Whose sockets are to close: all of a user, or those of one session, which PHP may have named a user for. */
export type Revocation =
  | { readonly userId: string; readonly sessionHash?: undefined }
  | { readonly userId?: string | undefined; readonly sessionHash: string };

export interface RevokeWorld extends EndWorld {
  readonly subscriptions: Subscriptions;
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
  const found = await findConnections(revocation, world);
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
  { registry, subscriptions }: RevokeWorld,
): Promise<RegisteredConnection[]> {
  const found: RegisteredConnection[] = [];
  const sources = [
    ...(sessionHash === undefined ? [] : [registry.of(`session:${sessionHash}`)]),
    ...(userId === undefined ? [] : [registry.of(`user:${userId}`, sessionHash)]),
  ];
  for (const pages of sources) for await (const page of pages) found.push(...page);
  if (userId !== undefined && sessionHash === undefined) found.push(...(await findSignedIn(userId, subscriptions)));
  return found;
}

/** Whom PHP has named to be nobody and who has signed in as this user: he is found on the user's own channel. */
async function findSignedIn(
  userId: string,
  subscriptions: Pick<Subscriptions, 'page'>,
): Promise<RegisteredConnection[]> {
  const found: RegisteredConnection[] = [];
  for (let after: string | undefined, isOver = false; !isOver; ) {
    const { subscribers, next } = await subscriptions.page(channelOfUser(userId), { after, latest: true });
    const others = subscribers.filter(({ principalId }) => principalId !== `user:${userId}`);
    // Whoever subscribes has an open socket, so nothing of it can be about to open.
    found.push(...others.map((connection) => ({ ...connection, connectedAt: 0, welcomed: true })));
    [after, isOver] = [next, next === undefined];
  }
  return found;
}
