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
  /** Marks tickets as used; undefined in modes without tickets. */
  readonly claims?: Claims | undefined;
  /** The sub-protocol in the answer, if the page sends its ticket as one. The answer never contains the ticket. */
  readonly subprotocol?: string | undefined;
  readonly limit: ConnectionLimit;
  /** Counts the handshakes of a principal. */
  readonly handshakes: Meter;
  /** After how many seconds PHP is asked again about the session; undefined: never. */
  readonly revalidateSeconds?: number | undefined;
  readonly watchEnd: WatchEnd;
  readonly starter: Pick<Starter, 'deliver' | 'tick'>;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Registers a connection that the authorizer accepted. Another function posts the welcome, because nothing can be
 * posted to a connection before this one has returned (https://repost.aws/knowledge-center/410-gone-api-gateway).
 */
export function createConnect(parts: ConnectParts) {
  const { registry, revocations, claims, subprotocol, limit, handshakes } = parts;
  const { revalidateSeconds, watchEnd, starter, clock, log } = parts;
  return async (event: SocketEvent): Promise<APIGatewayProxyStructuredResultV2> => {
    const admitted = readAdmitted(event);
    // Only a route without our authorizer could cause this, or a frame whose event is "$connect": fail closed.
    if (admitted === undefined || event.requestContext.eventType !== 'CONNECT') return { statusCode: 403 };
    const { jti, authorizedAt, ...session } = admitted;
    const connection = { principalId: session.principalId, connectionId: session.connectionId };
    if (!(await claimTicket(jti))) return reject(connection, 'used-ticket');
    // Count only afterwards: a stolen ticket must not use up its user's handshakes.
    if ((await handshakes(session.principalId, clock.now())) === 'over')
      return reject(connection, 'too-many-handshakes');

    await registry.add({ ...session, ...whenToAskAgain(session), connectedAt: clock.now() });
    try {
      // Check after the row is written: a logout between the two would see no row, and Connect no logout.
      const names = new Set([session.principalId, sessionOwner(session.sessionHash)]);
      const [isRevoked, excess] = await Promise.all([
        revocations.isRevokedSince([...names], authorizedAt),
        findExcess(connection),
      ]);
      if (isRevoked || excess === 'the newcomer') {
        await registry.leave(connection);
        return reject(connection, isRevoked ? 'revoked' : 'too-many-connections');
      }
      if (excess.length > 0) await starter.deliver({ putOut: excess });
      await starter.deliver({ welcome: connection });
      if (session.sessionExpiresAt !== undefined) await watchEnd(session.sessionExpiresAt);
    } catch (error) {
      // Without a welcome the socket would receive nothing for two hours, so reject the handshake and remove the row.
      // If that fails too, the unwelcomed row soon counts as closed. The first fault is the one to report.
      await registry.leave(connection).catch(() => undefined);
      throw error;
    }
    // A failure of the demo's hello must not reject a handshake; the schedule starts it too.
    await starter.tick().catch(() => log('warn', 'hello could not be started', { ...connection }, {}));
    log('info', 'connected', { ...connection }, { Connected: 1 });
    if (subprotocol === undefined) return { statusCode: 200 };
    return { statusCode: 200, headers: { 'Sec-WebSocket-Protocol': subprotocol } };
  };

  function whenToAskAgain(session: Pick<NewConnection, 'sessionHash' | 'sessionExpiresAt' | 'sessionSeal'>) {
    if (revalidateSeconds === undefined || session.sessionSeal === undefined) return {};
    return { validUntil: nextCheck(session, revalidateSeconds, clock.now()) };
  }

  function reject(connection: Connection, refused: RefusalReason): APIGatewayProxyStructuredResultV2 {
    const { refused: reason, sentence } = explainEnding(refused);
    log('info', 'handshake refused', { ...connection, reason, sentence }, { HandshakeRefused: 1 });
    return { statusCode: 403 };
  }

  async function findExcess(newcomer: Connection): Promise<ReturnType<typeof findExcessConnections>> {
    const open: RegisteredConnection[] = [];
    for await (const page of registry.openOf(newcomer.principalId)) open.push(...page);
    return findExcessConnections(newcomer, open, limit);
  }

  /**
   * Marks the ticket as used, before anything else is written. If Connect fails afterwards, the page has lost one
   * ticket and fetches another. In the opposite order a used ticket could open a socket.
   * @returns whether this handshake may continue
   */
  async function claimTicket(jti: string | undefined): Promise<boolean> {
    // Every handshake of a mode has a ticket, or none has. Our authorizer never sends anything else.
    if (claims === undefined || jti === undefined) return claims === undefined && jti === undefined;
    return claims.claim(`ticket:${jti}`, Math.floor(clock.now() / 1000) + ticketMemory);
  }
}
