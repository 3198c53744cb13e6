import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { Clock } from './core/clock.ts';
import type { Claims } from './core/connections/claims.ts';
import { type Connection, type NewConnection, sessionOwner } from './core/connections/connection.ts';
import { type ConnectionLimit, findExcessConnections } from './core/connections/connection-limit.ts';
import type { ConnectionRegistry, RegisteredConnection } from './core/connections/connection-registry.ts';
import type { Meter } from './core/connections/meter.ts';
import type { Revocations } from './core/connections/revocations.ts';
import { ticketMemory } from './core/handshake/ticket.ts';
import { explainEnding, type RefusalReason } from './core/refusal.ts';
import { nextCheck } from './core/sessions/live-sessions.ts';
import type { WatchEnd } from './core/sessions/session-ends.ts';
import type { Starter } from './edge/invoke.ts';
import { readAdmitted, type SocketEvent } from './edge/socket-event.ts';
import type { Log } from './edge/telemetry.ts';

interface ConnectParts {
  readonly registry: ConnectionRegistry;
  readonly revocations: Revocations;
  /** Where tickets are burnt; undefined in the modes that have none. */
  readonly claims?: Claims | undefined;
  /** What a page that brought its ticket as a sub-protocol is answered; the ticket itself never is. */
  readonly subprotocol?: string | undefined;
  readonly limit: ConnectionLimit;
  /** Of a principal. */
  readonly handshakes: Meter;
  /** After how many seconds PHP is asked again about the session; undefined where it never is. */
  readonly revalidateSeconds?: number | undefined;
  readonly watchEnd: WatchEnd;
  readonly starter: Pick<Starter, 'deliver' | 'tick'>;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Registers a connection that the authorizer let in. The welcome is another function's work, because nothing can be
 * posted to a connection before this one has returned (https://repost.aws/knowledge-center/410-gone-api-gateway).
 */
export function createConnect(parts: ConnectParts) {
  const { registry, revocations, claims, subprotocol, limit, handshakes } = parts;
  const { revalidateSeconds, watchEnd, starter, clock, log } = parts;
  return async (event: SocketEvent): Promise<APIGatewayProxyStructuredResultV2> => {
    const admitted = readAdmitted(event);
    // Only a route without our authorizer could bring this about, or a frame whose event is "$connect": fail closed.
    if (admitted === undefined || event.requestContext.eventType !== 'CONNECT') return { statusCode: 403 };
    const { jti, authorizedAt, ...session } = admitted;
    const connection = { principalId: session.principalId, connectionId: session.connectionId };
    if (!(await claimTicket(jti))) return reject(connection, 'used-ticket');
    // Only after that: somebody who has seen a ticket must not use up its user's handshakes.
    if ((await handshakes(session.principalId, clock.now())) === 'over')
      return reject(connection, 'too-many-handshakes');

    await registry.add({ ...session, ...whenToAskAgain(session), connectedAt: clock.now() });
    try {
      // After the row and not before it: a logout in between would see no row, and we no logout.
      const names = new Set([session.principalId, sessionOwner(session.sessionHash)]);
      const [isRevoked, goes] = await Promise.all([
        revocations.isRevokedSince([...names], authorizedAt),
        findExcess(connection),
      ]);
      if (isRevoked || goes === 'the newcomer') {
        await registry.leave(connection);
        return reject(connection, isRevoked ? 'revoked' : 'too-many-connections');
      }
      if (goes.length > 0) await starter.deliver({ putOut: goes });
      await starter.deliver({ welcome: connection });
      if (session.sessionExpiresAt !== undefined) await watchEnd(session.sessionExpiresAt);
    } catch (error) {
      // Without a welcome the socket would be mute for two hours: refuse the handshake and leave nothing behind.
      // Should that fail too, the row is litter, shown to nobody for long; the first fault is the one to tell.
      await registry.leave(connection).catch(() => undefined);
      throw error;
    }
    // The demo's hello is no reason to refuse anybody; the schedule starts it as well.
    await starter.tick().catch(() => log('warn', 'hello could not be started', { ...connection }, {}));
    log('info', 'connected', { ...connection }, { Connected: 1 });
    if (subprotocol === undefined) return { statusCode: 200 };
    return { statusCode: 200, headers: { 'Sec-WebSocket-Protocol': subprotocol } };
  };

  function whenToAskAgain(session: Pick<NewConnection, 'sessionHash' | 'sessionExpiresAt' | 'sessionSeal'>) {
    if (revalidateSeconds === undefined || session.sessionSeal === undefined) return {};
    return { validUntil: nextCheck(session, revalidateSeconds, clock.now()) };
  }

  function reject(connection: Connection, why: RefusalReason): APIGatewayProxyStructuredResultV2 {
    const { refused: reason, sentence } = explainEnding(why);
    log('info', 'handshake refused', { ...connection, reason, sentence }, { HandshakeRefused: 1 });
    return { statusCode: 403 };
  }

  async function findExcess(newcomer: Connection): Promise<ReturnType<typeof findExcessConnections>> {
    const open: RegisteredConnection[] = [];
    for await (const page of registry.openOf(newcomer.principalId)) open.push(...page);
    return findExcessConnections(newcomer, open, limit);
  }

  /**
   * Before anything is written. Whoever dies after this has cost the page one ticket, and the next attempt fetches another;
   * the other way round a replay could be let in.
   * @returns whether this handshake may go on
   */
  async function claimTicket(jti: string | undefined): Promise<boolean> {
    // A mode has tickets or has none; anything between is not our authorizer's.
    if (claims === undefined || jti === undefined) return claims === undefined && jti === undefined;
    return claims.claim(`ticket:${jti}`, Math.floor(clock.now() / 1000) + ticketMemory);
  }
}
