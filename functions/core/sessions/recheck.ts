import type { Clock } from '../clock.ts';
import { forEachConcurrently } from '../concurrency.ts';
import { openAtRest } from '../handshake/question.ts';
import {
  type FailedOutcome,
  hasEnded,
  isSameSessionId,
  principalOf,
  type Session,
  SessionCheckFailed,
  type SessionLookup,
} from '../handshake/session.ts';
import type { CredentialsSource } from '../keys/credentials.ts';
import { isRefusal, type RefusalReason } from '../refusal.ts';
import { type DueConnection, type LiveSessions, nextCheck } from './live-sessions.ts';

/** The open sockets of one session and one principal: at least one. */
export interface LiveGroup {
  readonly sessionHash: string;
  readonly principalId: string;
  readonly connections: readonly DueConnection[];
}

/**
 * The result of checking a session. `same`: it continues. `lost`: it has ended. `left`: no socket is left. Otherwise it
 * is unknown.
 */
export type Verdict =
  | { readonly outcome: 'same'; readonly session: Session }
  | { readonly outcome: 'lost'; readonly refusal: RefusalReason }
  | { readonly outcome: 'left' }
  | {
      readonly outcome: FailedOutcome;
      readonly reason: string;
      /** PHP itself gave no answer, so the user of the session may be the cause. */
      readonly isPhps: boolean;
    }
  | { readonly outcome: 'unreadable'; readonly reason: string };

/**
 * Asks PHP about each session, and stores the time of the next check for sessions that continue. PHP was not asked
 * about a session without a verdict.
 * @param groups if possible, the first one has not failed before: if PHP does not trust the gateway, only this one is
 * asked
 * @param deadline epoch milliseconds
 */
export type Recheck = (groups: readonly LiveGroup[], deadline: number) => Promise<Map<LiveGroup, Verdict>>;

export interface RecheckParts {
  readonly live: Pick<LiveSessions, 'find' | 'prolong'>;
  readonly sessions: SessionLookup;
  readonly credentials: CredentialsSource;
  /** Seconds between two checks of a session. */
  readonly interval: number;
  /** The maximum number of questions at the same time, so that PHP can still serve its pages. */
  readonly atOnce: number;
  readonly clock: Clock;
}

/** When the questions about this number of users in a row fail, PHP is down, and the run asks no more. */
const maxFailedUsers = 10;

export function createRecheck({ live, sessions, credentials, interval, atOnce, clock }: RecheckParts): Recheck {
  return async (groups, deadline) => {
    const verdicts = new Map<LiveGroup, Verdict>();
    // Counts users, so that one user with many sessions cannot stop the run.
    const failedInARow = new Set<string>();
    let hasAnswered = false;
    let hasStopped = false;

    // The first question alone: if the secrets differ, one line in PHP's log is enough.
    const [first, ...others] = groups;
    if (first !== undefined) await ask(first);
    await forEachConcurrently([others], atOnce, ask);
    return verdicts;

    async function ask(group: LiveGroup): Promise<void> {
      if (hasStopped || clock.now() >= deadline) return;
      const verdict = await judge(group).catch(asFailure);
      verdicts.set(group, verdict);
      if (verdict.outcome === 'same' || verdict.outcome === 'lost') {
        hasAnswered = true;
        failedInARow.clear();
      }
      if (verdict.outcome !== 'unavailable' && verdict.outcome !== 'misconfigured') return;
      failedInARow.add(group.principalId);
      // If PHP has answered another question, it trusts the gateway, and only this session fails.
      const isDistrusted = verdict.outcome === 'misconfigured' && !hasAnswered;
      if (isDistrusted || failedInARow.size >= maxFailedUsers) hasStopped = true;
    }
  };

  async function judge(group: LiveGroup): Promise<Verdict> {
    const now = clock.now();
    const verdict = await askAbout(group, now);
    if (verdict.outcome !== 'same') return verdict;
    const { sessionHash, connections } = group;
    const sessionExpiresAt = verdict.session.expiresAt;
    const until = { sessionExpiresAt, validUntil: nextCheck({ sessionHash, sessionExpiresAt }, interval, now) };
    await Promise.all(connections.map((connection) => live.prolong(connection, sessionHash, until)));
    return verdict;
  }

  /** Asks with the cookies and the browser of the handshake. */
  async function askAbout({ sessionHash, principalId, connections }: LiveGroup, now: number): Promise<Verdict> {
    // The newest socket has the newest cookie. Its row is read now, because a rebind may have changed it.
    const [newest] = connections.toSorted((a, b) => b.connectedAt - a.connectedAt);
    const known = newest === undefined ? undefined : await live.find(newest);
    if (known === undefined || !isSameSessionId(known.sessionHash, sessionHash)) return { outcome: 'left' };
    const held = await credentials();
    const question = openAtRest(known.sessionSeal ?? '', sessionHash, held);
    if (question === undefined) return unreadable;

    const session = await sessions.find(question);
    if (isRefusal(session)) return lost(session.refused === 'other-session' ? 'changed-session' : 'not-logged-in');
    if (hasEnded(session, now)) return lost('expired-session');
    const answered = principalOf(session, sessionHash);
    if (answered !== principalId) return lost('changed-user');
    return { outcome: 'same', session };
  }
}

function lost(refusal: RefusalReason): Verdict {
  return { outcome: 'lost', refusal };
}

const unreadable: Verdict = {
  outcome: 'unreadable',
  reason: "it was sealed with a secret that is not the gateway's any more, or changed in the table",
};

/** A fault with one session must not stop the checks of the others, nor close the session. */
function asFailure(error: unknown): Verdict {
  if (!(error instanceof SessionCheckFailed)) {
    return { outcome: 'unavailable', reason: 'an unexpected fault', isPhps: false };
  }
  const { outcome, reason, inFront } = error;
  return { outcome, reason, isPhps: outcome === 'unavailable' && !inFront };
}

/**
 * A random order, so that sessions that always fail do not always come first. The second session of a user is likely to
 * come later, and the hundredth nearly last. So the many sessions of one user do not delay other users.
 * @param random like Math.random
 */
export function inFairOrder(groups: readonly LiveGroup[], random: () => number): readonly LiveGroup[] {
  const turns = new Map<string, number>();
  const placed = groups.map((group) => {
    const turn = (turns.get(group.principalId) ?? 0) + 1;
    turns.set(group.principalId, turn);
    return { group, place: random() ** (1 / turn) };
  });
  return placed.sort((a, b) => a.place - b.place).map(({ group }) => group);
}
