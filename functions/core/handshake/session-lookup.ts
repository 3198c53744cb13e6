import type { Refusal } from '../refusal.ts';
import type { Proof, Session } from './session.ts';

/**
 * The port to the application that knows who is logged in.
 *
 * Callers pass a proof whose shape was checked, and what is known of the browser. Callers MUST treat an exception as "nobody knows": never as a yes, never as "logged out".
 *
 * Implementers MUST
 * - answer a `Session` only when the application itself said yes to this very proof;
 * - answer a `Refusal` only when the application clearly said no;
 * - throw `SessionCheckFailed` for everything else, within their one deadline for the whole call;
 * - ask the application at most once per call, except that a kept connection which proves dead may be dialled anew.
 *
 * Implementers MUST NOT follow redirects, read more than 64 KB, remember an answer, or put the proof or any
 * part of a body into an error.
 */
export interface SessionLookup {
  whose(proof: Proof, browser: Browser): Promise<Session | Refusal>;
}

/** The browser that the session belongs to. Some applications bind a session to it. */
export interface Browser {
  /** The handshake's header. */
  readonly userAgent?: string | undefined;
  /** The IP address that PHP saw when it sealed the ticket. */
  readonly address?: string | undefined;
  /** The user agent that PHP saw then: its bytes in base64url, because they may be no UTF-8. */
  readonly agent?: string | undefined;
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
