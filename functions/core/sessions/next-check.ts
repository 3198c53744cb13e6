/**
 * Seconds between a handshake and the first check of its session at least: by then the socket has been welcomed or is litter,
 * and PHP has just been asked.
 */
const rest = 30;

/** Seconds before the end that PHP named: what it has moved meanwhile is known before anything is cut off. */
const lastCall = 90;

interface Life {
  readonly sessionHash: string;
  /** Epoch seconds, when PHP says so. */
  readonly sessionExpiresAt?: number | undefined;
}

/**
 * When PHP is asked about a session again, in epoch seconds. Every session has a second of its own within the interval, by its
 * hash: all its sockets are due together, so that one question serves them, and sessions that began together are not.
 * @param interval seconds
 * @param now epoch milliseconds
 */
export function nextCheck({ sessionHash, sessionExpiresAt }: Life, interval: number, now: number): number {
  const earliest = Math.ceil(now / 1000) + rest;
  const own = Number.parseInt(sessionHash.slice(0, 8), 16) % interval;
  const next = earliest + ((((own - earliest) % interval) + interval) % interval);
  if (sessionExpiresAt === undefined) return next;
  const beforeTheEnd = sessionExpiresAt - lastCall;
  return Math.min(next, beforeTheEnd >= earliest ? beforeTheEnd : sessionExpiresAt);
}
