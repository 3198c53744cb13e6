import { timingSafeEqual } from 'node:crypto';
import { sessionOwner, userOwner } from '../connections/connection.ts';
import type { Refusal } from '../refusal.ts';
import { type Identity, parseIdentity } from './identity.ts';
import type { Question } from './question.ts';
import type { Ticket } from './ticket.ts';

/** A session of a user who is logged in to PHP. Without a `userId`, the session itself is the principal. */
export interface Session extends Identity {
  readonly sessionId: string;
}

/**
 * The port to the application that knows who is logged in.
 *
 * Callers pass a question whose form was checked. Callers MUST treat an exception as "unknown": never as a yes, and
 * never as "logged out".
 *
 * Implementers MUST
 * - return a `Session` only when the application itself said yes to this very question;
 * - return a `Refusal` only when the application clearly said no;
 * - throw `SessionCheckFailed` for everything else, within their one deadline for the whole call;
 * - ask the application at most once per call. They may only open a new connection when a kept one proves dead.
 *
 * Implementers MUST NOT follow redirects, read more than 64 KB, remember an answer, or put any part of the question or
 * of a body into an error.
 */
export interface SessionLookup {
  find(question: Question): Promise<Session | Refusal>;
}

/**
 * `unavailable`: the application did not answer the question, or our secret could not be read. `misconfigured`: the
 * application does not trust the gateway (421). The secrets or the clocks differ, and every handshake fails until an
 * operator corrects them.
 */
export type FailedOutcome = 'unavailable' | 'misconfigured';

/**
 * A handshake that must end with a 500 and an alarm. `reason` is safe to log: it never quotes the request or the
 * answer.
 */
export class SessionCheckFailed extends Error {
  readonly outcome: FailedOutcome;
  readonly reason: string;
  /** Something in front of PHP answered: a firewall, a load balancer, a web server. */
  readonly inFront: boolean;

  constructor(outcome: FailedOutcome, reason: string, { inFront = false } = {}) {
    super(`The session could not be checked (${outcome}): ${reason}.`);
    this.name = 'SessionCheckFailed';
    this.outcome = outcome;
    this.reason = reason;
    this.inFront = inFront;
  }
}

/**
 * The session in a ticket, with the identity that PHP sealed into it.
 * @throws SessionCheckFailed when that identity is invalid
 */
export function sessionOf({ sessionId, identity = {} }: Ticket): Session {
  const known = parseIdentity(identity);
  if ('fault' in known) throw new SessionCheckFailed('unavailable', `the ticket came with ${known.fault}`);
  return { sessionId, ...known };
}

/** The principal of a connection: `user:<id>`, or `session:<hash>` when PHP names no user. */
export function principalOf(session: Session, sessionHash: string): string {
  return session.userId === undefined ? sessionOwner(sessionHash) : userOwner(session.userId);
}

/** @param now epoch milliseconds */
export function hasEnded({ expiresAt }: Session, now: number): boolean {
  return expiresAt !== undefined && expiresAt * 1000 <= now;
}

/** Compares in constant time. The length is not secret, so it is compared first. */
export function isSameSessionId(answered: string, asked: string): boolean {
  const [a, b] = [Buffer.from(answered), Buffer.from(asked)];
  return a.length === b.length && timingSafeEqual(a, b);
}
