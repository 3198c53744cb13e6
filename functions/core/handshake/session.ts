import { timingSafeEqual } from 'node:crypto';
import { sessionOwner, userOwner } from '../connections/connection.ts';
import { type Refusal, refuse } from '../refusal.ts';
import type { Identity } from './identity.ts';

/** Who is logged in over PHP, as far as this gateway has to know. Without a `userId` the session itself is the principal. */
export interface Session extends Identity {
  readonly sessionId: string;
}

/**
 * What PHP is asked with: a raw session id, which becomes the session's cookie, or a whole Cookie header, byte for byte,
 * with the session id that PHP must answer. Without one the cookies are the only proof, and PHP's answer says whose they are.
 */
export type Proof = string | { readonly cookieHeader: string; readonly sessionId?: string };

/**
 * How a token becomes a session (one per deployment, no downgrade between them).
 * `ticket`: the token is sealed by PHP, and PHP, asked with the cookies in it, must answer the session id in it.
 * `cookie`: there is no token. PHP is asked with the handshake's own cookies and answers whose they are.
 * `session-id`: the token is the raw id, and PHP must answer 200 with that very id as JSON.
 * `status`: the token is the raw id, and any 200 will do; the body is not read.
 */
export const sessionModes = ['ticket', 'cookie', 'session-id', 'status'] as const;
export type SessionMode = (typeof sessionModes)[number];

/**
 * PHP's own alphabet (https://www.php.net/manual/en/session.configuration.php#ini.session.sid-bits-per-character). 22 is
 * the shortest id that PHP makes; above 250 the file name of its session would be too long, so it cannot be one of its own.
 */
const rawSessionId = /^[A-Za-z0-9,-]{22,250}$/;

/**
 * Checks the shape of what a stranger sent, before anything is asked of PHP: PHP's default handler makes a session file
 * even for an invented id, and `;` or CR LF would smuggle cookies or headers into our own request.
 */
export function parseSessionToken(values: readonly unknown[]): string | Refusal {
  const [token] = values;
  if (values.length !== 1 || typeof token !== 'string') return refuse('malformed-token');
  if (!rawSessionId.test(token)) return refuse('malformed-token');
  return token;
}

/** The Cookie header that PHP is asked with, and the session id that it must answer where that is known. */
export function askingWith(proof: Proof, cookieName: string): Exclude<Proof, string> {
  if (typeof proof !== 'string') return proof;
  // `,` is the one character of PHP's alphabet that a cookie value may not hold; PHP decodes it.
  return { cookieHeader: `${cookieName}=${encodeURIComponent(proof)}`, sessionId: proof };
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
