import { actOnAll } from './act-on-all.ts';
import type { Clock } from './clock.ts';
import { welcomePatience } from './connection.ts';
import type { ConnectionRegistry, RegisteredConnection } from './connection-registry.ts';
import { encodeFrame, errorFrame } from './frame.ts';
import type { Leave } from './leave.ts';
import type { Part } from './part.ts';
import { type RefusalReason, refuse } from './refusal.ts';
import type { Closing, SocketSender } from './socket-sender.ts';

export interface EndWorld {
  readonly registry: ConnectionRegistry;
  readonly sender: SocketSender;
  readonly part: Part;
  readonly leave: Leave;
  readonly clock: Clock;
}

/** How many sockets were to close, and what became of them. */
export interface EndReport {
  readonly found: number;
  readonly closed: number;
  readonly gone: number;
  /** Not closed at the deadline; asked again, it finds them again. */
  readonly failed: number;
}

const concurrency = 50;

/**
 * Closes sockets for good. First every row is marked, so that it joins nothing more, and taken off its channels, so that
 * nothing is published to it; then each is told why and closed. What fails is tried again.
 * @param deadline epoch milliseconds
 */
export async function endConnections(
  found: readonly RegisteredConnection[],
  why: RefusalReason,
  world: EndWorld,
  deadline: number,
): Promise<EndReport> {
  const { registry, part, clock } = world;
  const endedAt = clock.now();
  const outcomes = new Map<RegisteredConnection, Closing>();
  let left = found;
  for (let pauseMs = 50; left.length > 0; pauseMs *= 2) {
    const unmarked = new Set<RegisteredConnection>();
    await actOnAll([left], concurrency, async (connection) => {
      await silence(connection).catch(() => unmarked.add(connection));
    });
    await actOnAll([left], concurrency, async (connection) => {
      const outcome = clock.now() < deadline ? await end(connection, why, world).catch(() => undefined) : undefined;
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
    const channels = (await registry.revoke(connection, endedAt)) ?? [];
    await Promise.all(channels.map((channel) => part(channel, connection)));
  }
}

async function end(
  connection: RegisteredConnection,
  why: RefusalReason,
  { leave, sender, clock }: EndWorld,
): Promise<Closing> {
  const outcome = await endSocket(connection.connectionId, why, sender);
  // A young socket without its welcome may only be about to open. Its row stays, so that who brings the welcome sees that it
  // was revoked, and closes it.
  const mayOpen = !connection.welcomed && clock.now() - connection.connectedAt < welcomePatience * 1000;
  if (outcome === 'closed' || !mayOpen) await leave(connection);
  return outcome;
}

/** Tells a client that it is over, and for good, then closes its socket: closing itself carries no code. */
export async function endSocket(connectionId: string, why: RefusalReason, sender: SocketSender): Promise<Closing> {
  // Being told is a courtesy, being closed is not.
  const ending = encodeFrame(errorFrame(refuse(why)));
  const delivery = await sender.post(connectionId, ending).catch(() => 'unknown' as const);
  return delivery === 'gone' ? 'gone' : sender.close(connectionId);
}
