import { forEachConcurrently } from '../concurrency.ts';
import type { Claims } from '../connections/claims.ts';
import { type Connection, sessionOwner, userOwner } from '../connections/connection.ts';
import { openAtRest, sealAtRest } from '../handshake/at-rest.ts';
import { parseIdentity } from '../handshake/identity.ts';
import { clockTolerance, openTicket, type Ticket, ticketMemory } from '../handshake/ticket.ts';
import { type Credentials, type CredentialsSource, hashSessionId } from '../keys/credentials.ts';
import { explainEnding, isRefusal, type Refusal, refuse } from '../refusal.ts';
import { type EndReport, endConnections, sumEndings } from './close-connections.ts';
import type { LiveSessions } from './live-sessions.ts';
import { nextCheck } from './next-check.ts';
import { listConnections, type RevokeWorld } from './revoke.ts';

/** That PHP has given a session another id. */
export interface Rebind {
  /** Of the id before. */
  readonly sessionHash: string;
  readonly userId?: string | undefined;
  /** Sealed for the new id, with the cookie that the browser has now. */
  readonly ticket: string;
}

export interface RebindWorld extends RevokeWorld {
  readonly live: LiveSessions;
  readonly claims: Claims;
  readonly credentials: CredentialsSource;
  /** Seconds, where PHP is asked again. */
  readonly revalidateSeconds?: number | undefined;
  /** 12 random bytes, never the same twice. */
  readonly newIv: () => Uint8Array;
}

/** Sockets that go on with the new id, and what became of those that had to reconnect. */
export interface RebindReport {
  readonly rebound: number;
  /** Not rebound: they are known by the old id still. */
  readonly failed: number;
  readonly ended: Omit<EndReport, 'took'>;
}

/** Writes under way at once. */
const concurrency = 50;

/**
 * Gives a session's sockets its new id. The old one is revoked first: a handshake that brought it either is found here, or
 * finds the revocation, undoes itself, and comes back with the new id. A socket's principal is fixed when it opens, so a socket of
 * another user or of none has to reconnect.
 * @param deadline epoch milliseconds
 */
export async function rebind(
  { sessionHash, userId, ticket: text }: Rebind,
  world: RebindWorld,
  deadline: number,
): Promise<RebindReport | Refusal> {
  const { registry, revocations, claims, clock } = world;
  const nowSeconds = Math.floor(clock.now() / 1000);
  const credentials = await world.credentials();
  const ticket = openTicket(text, credentials, nowSeconds);
  if (isRefusal(ticket)) return ticket;
  const identity = parseIdentity(ticket.identity ?? {});
  if (typeof identity === 'string') return refuse('incomplete-ticket');
  if (identity.userId !== userId) return explainEnding('changed-user');
  if (!(await claims.claim(`ticket:${ticket.jti}`, nowSeconds + ticketMemory))) return refuse('used-ticket');

  await revocations.add(sessionOwner(sessionHash), clock.now());
  const found = await listConnections(registry.ofSession(sessionHash, userId));
  const isNamed = ({ principalId }: Connection) => userId !== undefined && principalId === userOwner(userId);
  const named = found.filter(isNamed);
  const others = found.filter((connection) => !isNamed(connection));
  const count = { rebound: 0, failed: 0 };
  await forEachConcurrently([named], concurrency, async (connection) => {
    // One that has left since is no failure.
    const isRebound = await rebindOne(connection, sessionHash, ticket, credentials, world).catch(() => undefined);
    if (isRebound === true) count.rebound += 1;
    if (isRebound === undefined) count.failed += 1;
  });
  const endings = [await endConnections(others, 'changed-session', world, deadline)];
  // A logout with the new id, before the sockets had it, did not find them. It may be older than the ticket by PHP's clock alone.
  const after = sessionOwner(hashSessionId(credentials, ticket.sessionId));
  if (named.length > 0 && (await revocations.isRevokedSince([after], (ticket.issuedAt - clockTolerance) * 1000))) {
    endings.push(await endConnections(named, 'revoked', world, deadline));
  }
  return { ...count, ended: sumEndings(endings) };
}

async function rebindOne(
  connection: Connection,
  before: string,
  { sessionId, cookieHeader, address, agent }: Ticket,
  credentials: Credentials,
  { live, clock, revalidateSeconds, newIv }: RebindWorld,
): Promise<boolean> {
  const sessionHash = hashSessionId(credentials, sessionId);
  if (revalidateSeconds === undefined) return live.rebind(connection, before, { sessionHash });
  const { sessionSeal = '', sessionExpiresAt } = (await live.find(connection)) ?? {};
  // The browser is the same; where PHP did not say what it saw of it, it is what PHP saw before.
  const known = openAtRest(sessionSeal, before, credentials);
  const browser = { userAgent: known?.userAgent, address: address ?? known?.address, agent: agent ?? known?.agent };
  const question = { cookieHeader, sessionId, ...browser };
  return live.rebind(connection, before, {
    sessionHash,
    sessionSeal: sealAtRest(question, sessionHash, credentials, newIv()),
    validUntil: nextCheck({ sessionHash, sessionExpiresAt }, revalidateSeconds, clock.now()),
  });
}
