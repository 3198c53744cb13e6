import type { Clock } from '../clock.ts';
import { forEachConcurrently } from '../concurrency.ts';
import type { Claims } from '../connections/claims.ts';
import { type Connection, sessionOwner, userOwner } from '../connections/connection.ts';
import type { ConnectionRegistry } from '../connections/connection-registry.ts';
import type { Revocations } from '../connections/revocations.ts';
import { parseIdentity } from '../handshake/identity.ts';
import { openAtRest, sealAtRest } from '../handshake/question.ts';
import { clockTolerance, openTicket, type Ticket, ticketMemory } from '../handshake/ticket.ts';
import { type Credentials, type CredentialsSource, hashSessionId } from '../keys/credentials.ts';
import { explainEnding, isRefusal, type Refusal, refuse } from '../refusal.ts';
import { type CloseConnections, type CloseReport, sumCloseReports } from './close-connections.ts';
import { type LiveSessions, nextCheck } from './live-sessions.ts';
import { listConnections } from './revoke.ts';

/** PHP has given a session another id. */
export interface Rebind {
  /** The hash of the old id. */
  readonly sessionHash: string;
  readonly userId?: string | undefined;
  /** Sealed for the new id, with the cookie that the browser has now. */
  readonly ticket: string;
}

/** The sockets that continue with the new id, and the sockets that must reconnect. */
export interface RebindReport {
  readonly rebound: number;
  /** Not rebound: they still have the old id. */
  readonly failed: number;
  readonly ended: Omit<CloseReport, 'took'>;
}

/** The maximum number of writes at the same time. */
const concurrency = 50;

/**
 * Gives the sockets of a session its new id. The old id is revoked first. A handshake with the old id is then either
 * found here, or finds the revocation, is refused, and the client retries with the new id. The principal of a socket
 * never changes, so a socket of another user or of none must reconnect.
 * @param deadline epoch milliseconds
 */
export type RebindSession = (rebind: Rebind, deadline: number) => Promise<RebindReport | Refusal>;

export interface RebindParts {
  readonly registry: Pick<ConnectionRegistry, 'ofSession'>;
  readonly live: Pick<LiveSessions, 'find' | 'rebind'>;
  readonly revocations: Revocations;
  readonly claims: Pick<Claims, 'claim'>;
  readonly credentials: CredentialsSource;
  readonly closeConnections: CloseConnections;
  /** Seconds, where PHP is asked again. */
  readonly revalidateSeconds: number | undefined;
  /** 12 random bytes, never the same twice. */
  readonly newIv: () => Uint8Array;
  readonly clock: Clock;
}

export function createRebind(parts: RebindParts): RebindSession {
  const { registry, live, revocations, claims, credentials, closeConnections, revalidateSeconds, newIv, clock } = parts;
  return async ({ sessionHash, userId, ticket: text }, deadline) => {
    const nowSeconds = Math.floor(clock.now() / 1000);
    const held = await credentials();
    const ticket = openTicket(text, held, nowSeconds);
    if (isRefusal(ticket)) return ticket;
    const identity = parseIdentity(ticket.identity ?? {});
    if ('fault' in identity) return refuse('incomplete-ticket');
    if (identity.userId !== userId) return explainEnding('changed-user');
    if (!(await claims.claim(`ticket:${ticket.jti}`, nowSeconds + ticketMemory))) return refuse('used-ticket');

    await revocations.add(sessionOwner(sessionHash), clock.now());
    const found = await listConnections(registry.ofSession(sessionHash, userId));
    const isNamed = ({ principalId }: Connection) => userId !== undefined && principalId === userOwner(userId);
    const named = found.filter(isNamed);
    const others = found.filter((connection) => !isNamed(connection));
    const count = { rebound: 0, failed: 0 };
    await forEachConcurrently([named], concurrency, async (connection) => {
      // A connection that has left meanwhile is not a failure.
      const isRebound = await rebindOne(connection, sessionHash, ticket, held).catch(() => undefined);
      if (isRebound === true) count.rebound += 1;
      if (isRebound === undefined) count.failed += 1;
    });
    const endings = [await closeConnections(others, 'changed-session', deadline)];
    // A logout with the new id did not find sockets that still had the old one. PHP's clock may date it before the
    // ticket.
    const after = sessionOwner(hashSessionId(held, ticket.sessionId));
    if (named.length > 0 && (await revocations.isRevokedSince([after], (ticket.issuedAt - clockTolerance) * 1000))) {
      endings.push(await closeConnections(named, 'revoked', deadline));
    }
    return { ...count, ended: sumCloseReports(endings) };
  };

  async function rebindOne(
    connection: Connection,
    before: string,
    { sessionId, cookieHeader, address, agent }: Ticket,
    held: Credentials,
  ): Promise<boolean> {
    const sessionHash = hashSessionId(held, sessionId);
    if (revalidateSeconds === undefined) return live.rebind(connection, before, { sessionHash });
    const { sessionSeal = '', sessionExpiresAt } = (await live.find(connection)) ?? {};
    // The browser is the same, so fields that are missing in the ticket keep their old values.
    const known = openAtRest(sessionSeal, before, held);
    const browser = { userAgent: known?.userAgent, address: address ?? known?.address, agent: agent ?? known?.agent };
    const question = { cookieHeader, sessionId, ...browser };
    return live.rebind(connection, before, {
      sessionHash,
      sessionSeal: sealAtRest(question, sessionHash, held, newIv()),
      validUntil: nextCheck({ sessionHash, sessionExpiresAt }, revalidateSeconds, clock.now()),
    });
  }
}
