import type { Refusal } from './refusal.ts';
import type { Proof, Session } from './session.ts';

/**
 * The port to the application that knows who is logged in.
 *
 * Callers pass a proof whose shape was checked, and what the browser called itself (some applications bind a session to
 * it). Callers MUST treat an exception as "nobody knows": never as a yes, never as "logged out".
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
  whose(proof: Proof, browser: { readonly userAgent?: string | undefined }): Promise<Session | Refusal>;
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
