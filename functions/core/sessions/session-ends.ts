import { type Clock, waitUntil } from '../clock.ts';
import { forEachConcurrently } from '../concurrency.ts';
import type { Claims } from '../connections/claims.ts';
import type { Connection } from '../connections/connection.ts';
import { type CloseConnections, type CloseReport, sumCloseReports } from './close-connections.ts';
import { endsSoonMs, type LiveSessions } from './live-sessions.ts';

/** A connection whose session ends soon. */
export interface EndingConnection {
  readonly connection: Connection;
  /** Epoch seconds. */
  readonly at: number;
}

/** The end, in epoch seconds, of a session for which PHP has named none. */
export const never = Number.POSITIVE_INFINITY;

/** The maximum number of reads of the table at the same time. */
export const readConcurrency = 50;

/**
 * Closes sockets when their session ends, instead of up to a minute later. It reads their rows again, because the end
 * may have moved. A socket whose row cannot be read counts as failed, and the others do not wait for it.
 * @param deadline epoch milliseconds, for closing the last socket
 */
export type CloseAtTheEnd = (
  ending: readonly EndingConnection[],
  deadline: number,
) => Promise<Omit<CloseReport, 'took'>>;

export interface CloseAtTheEndParts {
  readonly live: Pick<LiveSessions, 'find'>;
  readonly closeConnections: CloseConnections;
  readonly clock: Clock;
}

export function createCloseAtTheEnd({ live, closeConnections, clock }: CloseAtTheEndParts): CloseAtTheEnd {
  return async (ending, deadline) => {
    const endings: CloseReport[] = [];
    let unread = 0;
    for (const at of new Set(ending.map((each) => each.at))) {
      await waitUntil(at * 1000, clock);
      const ended: Connection[] = [];
      const candidates = ending.filter((each) => each.at === at).map(({ connection }) => connection);
      await forEachConcurrently([candidates], readConcurrency, async (connection) => {
        const found = await live.find(connection).catch(() => 'unread' as const);
        if (found === 'unread') unread += 1;
        else if (found !== undefined && (found.sessionExpiresAt ?? never) * 1000 <= clock.now()) ended.push(connection);
      });
      endings.push(await closeConnections(ended, 'ended-session', deadline));
    }
    const { found, failed, ...others } = sumCloseReports(endings);
    return { ...others, found: found + unread, failed: failed + unread };
  };
}

/**
 * Makes sure that the sockets of a session close at its end (epoch seconds), if it ends before the next run of
 * `revalidate`.
 */
export type WatchEnd = (sessionExpiresAt: number) => Promise<void>;

/**
 * Seconds: one function waits for all sessions that end in the same ten seconds, instead of one function per handshake.
 */
const batchSeconds = 10;
/** Seconds after an end, because an eventually consistent read may show an older row. */
const readDelay = 1;
/** Seconds after the end, for which the claim of the waiting function is kept. */
const claimMemory = 60;

/** @param start starts a function that closes the ended sessions at an instant, without waiting for it */
export function createEndWatch(
  claims: Pick<Claims, 'claim'>,
  start: (endsAt: number) => Promise<void>,
  clock: Clock,
): WatchEnd {
  return async (sessionExpiresAt) => {
    if (sessionExpiresAt * 1000 - clock.now() >= endsSoonMs) return;
    const endsAt = Math.ceil((sessionExpiresAt + readDelay) / batchSeconds) * batchSeconds;
    if (await claims.claim(`ends:${endsAt}`, endsAt + claimMemory)) await start(endsAt);
  };
}
