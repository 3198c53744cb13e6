import { openAtRest } from '../handshake/at-rest.ts';
import { hasEnded, isSameSessionId, principalOf, type Session } from '../handshake/session.ts';
import type { FailedOutcome, SessionLookup } from '../handshake/session-lookup.ts';
import type { CredentialsSource } from '../keys/credentials.ts';
import { isRefusal, type RefusalReason } from '../refusal.ts';
import type { DueConnection, LiveSessions } from './live-sessions.ts';

/** Open sockets of one session and one principal, at least one. */
export interface LiveGroup {
  readonly sessionHash: string;
  readonly principalId: string;
  readonly connections: readonly DueConnection[];
}

/** What became of a session: it goes on, it does not, or nobody knows. */
export type Verdict =
  | { readonly outcome: 'same'; readonly session: Session }
  | { readonly outcome: 'lost'; readonly refusal: RefusalReason }
  | { readonly outcome: 'left' }
  | {
      readonly outcome: FailedOutcome;
      readonly reason: string;
      /** PHP itself gave no answer, so the session's user may be the cause. */
      readonly isPhps: boolean;
    }
  | { readonly outcome: 'unreadable'; readonly reason: string };

export interface RecheckWorld {
  readonly live: LiveSessions;
  readonly sessions: SessionLookup;
  readonly credentials: CredentialsSource;
}

/**
 * Asks PHP about one session again, with the cookies and the browser of the handshake.
 * @param now epoch milliseconds
 */
export async function recheck(
  group: LiveGroup,
  { live, sessions, ...world }: RecheckWorld,
  now: number,
): Promise<Verdict> {
  const { sessionHash, principalId, connections } = group;
  // The newest socket has the newest cookie. It is read now, because a rebind may have changed it since.
  const [newest] = connections.toSorted((a, b) => b.connectedAt - a.connectedAt);
  const known = newest === undefined ? undefined : await live.find(newest);
  if (known === undefined || !isSameSessionId(known.sessionHash, sessionHash)) return { outcome: 'left' };
  const credentials = await world.credentials();
  const question = openAtRest(known.sessionSeal ?? '', sessionHash, credentials);
  if (question === undefined) return unreadable;

  const { cookieHeader, sessionId, ...browser } = question;
  const session = await sessions.whose({ cookieHeader, sessionId }, browser);
  if (isRefusal(session)) return lost(session.refused === 'other-session' ? 'changed-session' : 'not-logged-in');
  if (hasEnded(session, now)) return lost('expired-session');
  const answered = principalOf(session, sessionHash);
  if (answered !== principalId) return lost('changed-user');
  return { outcome: 'same', session };
}

function lost(refusal: RefusalReason): Verdict {
  return { outcome: 'lost', refusal };
}

const unreadable: Verdict = {
  outcome: 'unreadable',
  reason: "it was sealed with a secret that is not the gateway's any more, or changed in the table",
};
