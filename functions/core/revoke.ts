import { actOnAll } from './act-on-all.ts';
import type { Clock } from './clock.ts';
import { welcomePatience } from './connection.ts';
import type { ConnectionRegistry, RegisteredConnection } from './connection-registry.ts';
import { encodeFrame, errorFrame } from './frame.ts';
import type { Leave } from './leave.ts';
import type { Part } from './part.ts';
import { refuse } from './refusal.ts';
import type { Revocations } from './revocations.ts';
import type { Closing, SocketSender } from './socket-sender.ts';

/** Whose sockets are to close: all of a user, or those of one session, which PHP may have named a user for. */
export type Revocation =
  | { readonly userId: string; readonly sessionHash?: undefined }
  | { readonly userId?: string | undefined; readonly sessionHash: string };

export interface RevokeWorld {
  readonly registry: ConnectionRegistry;
  readonly revocations: Revocations;
  readonly sender: SocketSender;
  readonly part: Part;
  readonly leave: Leave;
  readonly clock: Clock;
}

/** How many sockets were found, and what became of them. */
export interface RevokeReport {
  readonly found: number;
  readonly closed: number;
  readonly gone: number;
  /** Not closed at the deadline; asked again, it finds them again. */
  readonly failed: number;
}

const concurrency = 50;
const ending = encodeFrame(errorFrame(refuse('revoked')));

/**
 * Closes sockets for good. The revocation comes first, so that a handshake under way undoes itself; then every row is
 * marked, so that it joins nothing more, and taken off its channels, so that nothing is published to it; then each is told why
 * and closed. What fails is tried again.
 * @param deadline epoch milliseconds
 */
export async function revoke(revocation: Revocation, world: RevokeWorld, deadline: number): Promise<RevokeReport> {
  const { registry, revocations, part, clock } = world;
  const revokedAt = clock.now();
  await revocations.add(nameOf(revocation), revokedAt);

  const found = await findConnections(revocation, registry);
  const outcomes = new Map<RegisteredConnection, Closing>();
  let left: readonly RegisteredConnection[] = found;
  for (let pauseMs = 50; left.length > 0; pauseMs *= 2) {
    const unmarked = new Set<RegisteredConnection>();
    await actOnAll([left], concurrency, async (connection) => {
      await silence(connection).catch(() => unmarked.add(connection));
    });
    await actOnAll([left], concurrency, async (connection) => {
      const outcome = clock.now() < deadline ? await end(connection, world).catch(() => undefined) : undefined;
      // One that is not open yet and not marked either would open in peace.
      if (outcome === 'closed' || (outcome === 'gone' && !unmarked.has(connection))) outcomes.set(connection, outcome);
    });
    left = left.filter((connection) => !outcomes.has(connection));
    if (left.length === 0 || clock.now() + pauseMs >= deadline) break;
    await clock.pause(pauseMs);
  }
  const closed = [...outcomes.values()].filter((outcome) => outcome === 'closed').length;
  return { found: found.length, closed, gone: outcomes.size - closed, failed: left.length };

  async function silence(connection: RegisteredConnection): Promise<void> {
    const channels = (await registry.revoke(connection, revokedAt)) ?? [];
    await Promise.all(channels.map((channel) => part(channel, connection)));
  }
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

async function end(connection: RegisteredConnection, { leave, sender, clock }: RevokeWorld): Promise<Closing> {
  const outcome = await endSocket(connection.connectionId, sender);
  // A young socket without its welcome may only be about to open. Its row stays, so that who brings the welcome sees that it
  // was revoked, and closes it.
  const mayOpen = !connection.welcomed && clock.now() - connection.connectedAt < welcomePatience * 1000;
  if (outcome === 'closed' || !mayOpen) await leave(connection);
  return outcome;
}

/** Tells a client that it is over, and for good, then closes its socket: closing itself carries no code. */
export async function endSocket(connectionId: string, sender: SocketSender): Promise<Closing> {
  // Being told is a courtesy, being closed is not.
  const delivery = await sender.post(connectionId, ending).catch(() => 'unknown' as const);
  return delivery === 'gone' ? 'gone' : sender.close(connectionId);
}
