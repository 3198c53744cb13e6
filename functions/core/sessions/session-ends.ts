import { type Clock, waitUntil } from '../clock.ts';
import { forEachConcurrently } from '../concurrency.ts';
import type { Claims } from '../connections/claims.ts';
import type { Connection } from '../connections/connection.ts';
import { type CloseConnections, type CloseReport, sumCloseReports } from './close-connections.ts';
import { type LiveSessions, soonMs } from './live-sessions.ts';

/** A connection whose session ends soon. */
export interface EndingConnection {
  readonly connection: Connection;
  /** Epoch seconds. */
  readonly at: number;
}

/** Epoch seconds of the end of a session whose end PHP has not named. */
export const never = Number.POSITIVE_INFINITY;

/** Reads of the table under way at once. */
export const readers = 50;

/**
 * Closes sockets when their session ends, and not up to a minute later. Their rows are read again, because the end may have moved. A
 * socket whose row cannot be read counts as failed, and the others do not wait for it.
 * @param deadline epoch milliseconds, for the closing of the last
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
      await forEachConcurrently([candidates], readers, async (connection) => {
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

/** Has the sockets of a session closed that ends, in epoch seconds, before the next run of `revalidate` looks for ends. */
export type WatchEnd = (sessionExpiresAt: number) => Promise<void>;

/** Seconds: one function waits for all sessions that end within so many. One for each handshake would be any number. */
const together = 10;
/** Seconds after an end: a read that is not consistent shows a row that is as old. */
const settled = 1;
/** Seconds for which it is remembered that somebody waits. */
const memory = 60;

/** @param start has what has ended at an instant closed then, without waiting for it */
export function createEndWatch(
  claims: Pick<Claims, 'claim'>,
  start: (endsAt: number) => Promise<void>,
  clock: Clock,
): WatchEnd {
  return async (sessionExpiresAt) => {
    if (sessionExpiresAt * 1000 - clock.now() >= soonMs) return;
    const endsAt = Math.ceil((sessionExpiresAt + settled) / together) * together;
    if (await claims.claim(`ends:${endsAt}`, endsAt + memory)) await start(endsAt);
  };
}
