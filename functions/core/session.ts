import { timingSafeEqual } from 'node:crypto';
import { type Refusal, refuse } from './refusal.ts';

/** Who is logged in over PHP, as far as this gateway has to know. */
export interface Session {
  readonly sessionId: string;
  /** PHP's user, when it names one; else the session itself is the principal. */
  readonly userId?: string;
}

/**
 * How a token becomes a session (one per deployment, no downgrade between them).
 * `session-id`: the token is the raw id, and PHP must answer 200 with that very id as JSON.
 * `status`: the token is the raw id, and any 200 will do; the body is not read.
 */
export const sessionModes = ['session-id', 'status'] as const;
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

/** `user:<id>`, or `session:<hash>` when PHP names no user: what a connection belongs to. */
export function principalOf(session: Session, sessionHash: string): string {
  return session.userId === undefined ? `session:${sessionHash}` : `user:${session.userId}`;
}

/** Compares in constant time. Both are short, so the length, which is no secret, may be compared first. */
export function isSameSessionId(answered: string, asked: string): boolean {
  const [a, b] = [Buffer.from(answered), Buffer.from(asked)];
  return a.length === b.length && timingSafeEqual(a, b);
}
