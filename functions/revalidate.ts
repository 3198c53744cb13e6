import { type Clock, waitUntil } from './core/clock.ts';
import type { Claims } from './core/connections/claims.ts';
import type { GuardMemory } from './core/sessions/guard-memory.ts';
import { endsSoonMs } from './core/sessions/live-sessions.ts';
import type { Poll } from './core/sessions/poll.ts';
import type { RevalidateReport, RevalidateSessions } from './core/sessions/revalidate.ts';
import type { CloseAtTheEnd } from './core/sessions/session-ends.ts';
import type { Log } from './edge/telemetry.ts';

/** How to ask PHP again about sessions. */
export interface Polling {
  readonly poll: Poll;
  readonly guard: GuardMemory;
  /** Seconds between two checks of a session. */
  readonly interval: number;
  /** Milliseconds that one question may take. */
  readonly timeoutMs: number;
}

interface RevalidateParts {
  readonly claims: Claims;
  readonly revalidateSessions: RevalidateSessions;
  readonly closeAtTheEnd: CloseAtTheEnd;
  /** Undefined: PHP is asked in the handshake only. */
  readonly polling: Polling | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Milliseconds from a run's start until its last close must begin. That close may take 12 s more; Lambda allows 55 s.
 */
const patienceMs = 42_000;
/** Of these, the most for questions to PHP, and the part that is reserved for closing. */
const [askingMs, closingMs] = [30_000, 8_000];
/** Seconds: longer than a run can last. It ends before the next minute's run, so a run that died blocks no other. */
const leaseSeconds = 58;
const lease = 'revalidate';
/** Seconds: the next run begins within one minute and ends within another. */
const releaseMargin = 120;

/**
 * Closes the sockets whose session has ended, every minute. One run at a time asks PHP; waiting for ends may overlap.
 */
export function createRevalidate(parts: RevalidateParts) {
  const { claims, revalidateSessions, closeAtTheEnd, polling, clock, log } = parts;
  return async (event?: unknown): Promise<string | undefined> => {
    const begin = clock.now();
    if (isRelease(event)) return release(begin);
    if (isWait(event)) return closeEnded(event.endsAt);
    // Even if an earlier run still holds the lease, this one closes sessions that end before the next run.
    const mayAsk = await claims.claim(lease, Math.floor(begin / 1000) + leaseSeconds);
    let report: RevalidateReport;
    try {
      // The last question may take its whole timeout, and this run must still close the ended sessions afterwards.
      const lastQuestionMs = patienceMs - closingMs - (polling?.timeoutMs ?? 0);
      const ask = begin + Math.min(askingMs, lastQuestionMs);
      const deadlines = { ask, close: begin + patienceMs, wait: begin + endsSoonMs };
      report = await revalidateSessions(deadlines, mayAsk ? polling?.poll : undefined);
    } finally {
      // If this fails, the lease expires.
      if (mayAsk) await claims.release(lease).catch(() => undefined);
    }
    try {
      logReport(report);
    } finally {
      await waitForEnds(report, begin + endsSoonMs + closingMs);
    }
    return undefined;
  };

  /** For an end that Connect learned of after this minute's run had looked. */
  async function closeEnded(endsAt: number): Promise<undefined> {
    await waitUntil(endsAt * 1000, clock);
    const now = clock.now();
    logReport(await revalidateSessions({ ask: now, close: now + closingMs, wait: now }, undefined));
  }

  /** @throws when sockets could not be closed */
  async function waitForEnds({ ending }: RevalidateReport, deadline: number): Promise<void> {
    if (ending.length === 0) return;
    const { closed, gone, failed } = await closeAtTheEnd(ending, deadline);
    if (closed + gone + failed > 0) log('info', 'closed at the end', { gone }, { Ended: closed, EndFailed: failed });
    if (failed > 0) throw new Error(`${failed} sockets could not be closed.`);
  }

  /** @returns the sentence for the operator */
  async function release(now: number): Promise<string> {
    const isHolding = polling !== undefined && (await polling.guard.read()).heldSince !== undefined;
    if (!isHolding) return 'The guard does not hold, so nothing is released.';
    // In this time every session is checked, the next run has finished, and the guard starts over.
    const until = Math.floor(now / 1000) + polling.interval + releaseMargin;
    await polling.guard.release(until);
    const untilTime = new Date(until * 1000).toISOString();
    log('warn', 'guard released', { until: untilTime }, {});
    return `The guard is off until ${untilTime}. Sockets of users who are logged out close from the next minute on.`;
  }

  /** @throws when an operator has to look, so that it counts as a fault */
  function logReport({
    asked,
    lost,
    failed,
    failures,
    unanswered,
    late,
    held,
    doubtful,
    isPhpSilent,
    closing,
  }: RevalidateReport): void {
    for (const { outcome, reason } of failures) log('error', `session check ${outcome}`, { reason, failed, late }, {});
    if (doubtful) log('warn', 'nothing closed before there are more answers', { lost, asked }, {});
    if (unanswered > 0) log('warn', 'closed without an answer', { sessions: unanswered }, {});
    const counts = { Rechecked: asked, RecheckLost: lost, RecheckFailed: failed, RecheckLate: late };
    const sockets = { Ended: closing.closed, EndFailed: closing.failed };
    const isEmpty = Object.values({ ...counts, ...sockets, gone: closing.gone }).every((count) => count === 0);
    if (!isEmpty) log('info', 'revalidated', { gone: closing.gone }, { ...counts, ...sockets });
    if (held !== undefined) {
      const share = `${held.lost} of ${held.users} users were logged out within one check interval.`;
      throw new Error(`${share} No socket is closed for that: has PHP lost its sessions?`);
    }
    if (isPhpSilent) throw new Error('PHP has not answered any session check for three minutes. Sockets stay open.');
    if (closing.failed > 0) throw new Error(`${closing.failed} sockets could not be closed.`);
  }
}

/** The event of an operator; docs/operations.md has the command. */
function isRelease(event: unknown): boolean {
  return typeof event === 'object' && event !== null && 'release' in event && event.release === true;
}

/** The event of Connect. */
function isWait(event: unknown): event is { readonly endsAt: number } {
  return typeof event === 'object' && event !== null && 'endsAt' in event && typeof event.endsAt === 'number';
}
