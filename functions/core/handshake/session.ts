import { timingSafeEqual } from 'node:crypto';
import { sessionOwner, userOwner } from '../connections/connection.ts';
import type { Refusal } from '../refusal.ts';
import { type Identity, parseIdentity } from './identity.ts';
import type { Question } from './question.ts';
import type { Ticket } from './ticket.ts';

/** Who is logged in over PHP, as far as this gateway has to know. Without a `userId` the session itself is the principal. */
export interface Session extends Identity {
  readonly sessionId: string;
}

/**
 * The port to the application that knows who is logged in.
 *
 * Callers pass a question whose shape was checked. Callers MUST treat an exception as "nobody knows": never as a yes, never as
 * "logged out".
 *
 * Implementers MUST
 * - answer a `Session` only when the application itself said yes to this very question;
 * - answer a `Refusal` only when the application clearly said no;
 * - throw `SessionCheckFailed` for everything else, within their one deadline for the whole call;
 * - ask the application at most once per call, except that a kept connection which proves dead may be dialled anew.
 *
 * Implementers MUST NOT follow redirects, read more than 64 KB, remember an answer, or put any part of
 * the question or of a body into an error.
 */
export interface SessionLookup {
  find(question: Question): Promise<Session | Refusal>;
}

/**
 * `unavailable`: the application (or our own secret) could not be asked or did not answer the question. `misconfigured`: it answered that it
 * does not trust us (421), so the secrets or the clocks differ and every handshake will fail until somebody mends it.
 */
export type FailedOutcome = 'unavailable' | 'misconfigured';

/** A handshake that must end in a 500 and an alarm. `reason` is safe to log: it never quotes the request or the answer. */
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
 * Who holds a ticket, by PHP's word of when it was sealed.
 * @throws SessionCheckFailed when that word makes no sense
 */
export function sessionOf({ sessionId, identity = {} }: Ticket): Session {
  const known = parseIdentity(identity);
  if ('fault' in known) throw new SessionCheckFailed('unavailable', `the ticket came with ${known.fault}`);
  return { sessionId, ...known };
}

/** `user:<id>`, or `session:<hash>` when PHP names no user: what a connection belongs to. */
export function principalOf(session: Session, sessionHash: string): string {
  return session.userId === undefined ? sessionOwner(sessionHash) : userOwner(session.userId);
}

/** @param now epoch milliseconds */
export function hasEnded({ expiresAt }: Session, now: number): boolean {
  return expiresAt !== undefined && expiresAt * 1000 <= now;
}

/** Compares in constant time. Both are short, so the length, which is no secret, may be compared first. */
export function isSameSessionId(answered: string, asked: string): boolean {
  const [a, b] = [Buffer.from(answered), Buffer.from(asked)];
  return a.length === b.length && timingSafeEqual(a, b);
}
