import { type Clock, waitUntil } from './core/clock.ts';
import type { Claims } from './core/connections/claims.ts';
import type { GuardMemory } from './core/sessions/guard-memory.ts';
import { soonMs } from './core/sessions/live-sessions.ts';
import type { Poll } from './core/sessions/poll.ts';
import type { RevalidateReport, RevalidateSessions } from './core/sessions/revalidate.ts';
import type { CloseAtTheEnd } from './core/sessions/session-ends.ts';
import type { Log } from './edge/telemetry.ts';

/** How PHP is asked again; undefined where PHP is asked in the handshake only. */
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
  readonly polling: Polling | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/** Milliseconds from a run's start: the last socket is begun to be closed by then, which may take 12 s more. Lambda gives 55. */
const patienceMs = 42_000;
/** Of these, those for questions to PHP at most, and those that are kept for closing. */
const [askingMs, closingMs] = [30_000, 8_000];
/** Seconds: longer than a run can last, and over before the next minute's, so that a run that died is missed by none. */
const leaseSeconds = 58;
const lease = 'revalidate';
/** Seconds: the next run begins within one minute and ends within another. */
const releaseMargin = 120;

/** Every minute: closes the sockets whose session is over. One run at a time asks PHP; the waiting for ends may overlap. */
export function createRevalidate(parts: RevalidateParts) {
  const { claims, revalidateSessions, closeAtTheEnd, polling, clock, log } = parts;
  return async (event?: unknown): Promise<string | undefined> => {
    const begin = clock.now();
    if (isRelease(event)) return release(begin);
    if (isWait(event)) return closeEnded(event.endsAt);
    // Where a run before began late, this one still closes what ends before the next.
    const mayAsk = await claims.claim(lease, Math.floor(begin / 1000) + leaseSeconds);
    let report: RevalidateReport;
    try {
      // The last question may take all of its time, and what the others have found is to be closed in this run.
      const lastQuestionMs = patienceMs - closingMs - (polling?.timeoutMs ?? 0);
      const ask = begin + Math.min(askingMs, lastQuestionMs);
      const deadlines = { ask, close: begin + patienceMs, wait: begin + soonMs };
      report = await revalidateSessions(deadlines, mayAsk ? polling?.poll : undefined);
    } finally {
      // Where this fails it ends by itself.
      if (mayAsk) await claims.release(lease).catch(() => undefined);
    }
    try {
      tellAll(report);
    } finally {
      await waitForEnds(report, begin + soonMs + closingMs);
    }
    return undefined;
  };

  /** What Connect has heard of too late for the run of this minute. */
  async function closeEnded(endsAt: number): Promise<undefined> {
    await waitUntil(endsAt * 1000, clock);
    const now = clock.now();
    tellAll(await revalidateSessions({ ask: now, close: now + closingMs, wait: now }, undefined));
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
    // In so long every session has its turn, the next run is done in any case, and the guard begins anew.
    const until = Math.floor(now / 1000) + polling.interval + releaseMargin;
    await polling.guard.release(until);
    const untilTime = new Date(until * 1000).toISOString();
    log('warn', 'guard released', { until: untilTime }, {});
    return `The guard is off until ${untilTime}. Sockets of users who are logged out close from the next minute on.`;
  }

  /** @throws when somebody has to look, so that it is counted as the fault that it is */
  function tellAll({
    asked,
    lost,
    failed,
    failures,
    mute,
    late,
    held,
    doubtful,
    unheard,
    closing,
  }: RevalidateReport): void {
    for (const { outcome, reason } of failures) log('error', `session check ${outcome}`, { reason, failed, late }, {});
    if (doubtful) log('warn', 'nothing closed before there are more answers', { lost, asked }, {});
    if (mute > 0) log('warn', 'closed without an answer', { sessions: mute }, {});
    const counts = { Rechecked: asked, RecheckLost: lost, RecheckFailed: failed, RecheckLate: late };
    const sockets = { Ended: closing.closed, EndFailed: closing.failed };
    const isQuiet = Object.values({ ...counts, ...sockets, gone: closing.gone }).every((count) => count === 0);
    if (!isQuiet) log('info', 'revalidated', { gone: closing.gone }, { ...counts, ...sockets });
    if (held !== undefined) {
      const share = `${held.lost} of ${held.users} users were logged out within one check interval.`;
      throw new Error(`${share} No socket is closed for that: has PHP lost its sessions?`);
    }
    if (unheard) throw new Error('PHP has not answered any session check for three minutes. Sockets stay open.');
    if (closing.failed > 0) throw new Error(`${closing.failed} sockets could not be closed.`);
  }
}

/** What an operator sends; docs/operations.md has the command. */
function isRelease(event: unknown): boolean {
  return typeof event === 'object' && event !== null && 'release' in event && event.release === true;
}

/** What Connect sends. */
function isWait(event: unknown): event is { readonly endsAt: number } {
  return typeof event === 'object' && event !== null && 'endsAt' in event && typeof event.endsAt === 'number';
}
