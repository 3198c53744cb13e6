import type { Clock } from '../clock.ts';
import type { Claims } from '../connections/claims.ts';
import { soonMs } from './live-sessions.ts';

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
