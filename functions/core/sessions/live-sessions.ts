import type { Connection } from '../connections/connection.ts';
import type { RegisteredConnection } from '../connections/connection-registry.ts';

/** A connection about whose session something is to be done. */
export interface DueConnection extends RegisteredConnection {
  readonly sessionHash: string;
  /** Epoch seconds. */
  readonly sessionExpiresAt?: number | undefined;
  /** Epoch seconds, when PHP is asked next. */
  readonly validUntil?: number | undefined;
  /** By what its owners are found, where functions of 0.1.0 wrote the row. */
  readonly unowned?: Unowned | undefined;
}

export interface Unowned {
  readonly signedInAs?: string | undefined;
  readonly channels: readonly string[];
}

/**
 * Milliseconds: a session that ends so soon is closed at its end, by whatever noticed. The next run of `revalidate` begins within a minute,
 * and EventBridge may be late by seconds (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-rule-schedule.html).
 */
export const soonMs = 75_000;

/** What is known of the session behind a connection now. */
export interface LiveSession {
  readonly sessionHash: string;
  readonly sessionSeal?: string | undefined;
  /** Epoch seconds. */
  readonly sessionExpiresAt?: number | undefined;
}

/**
 * The port to the sessions behind open sockets. They lie in the rows of their connections, so that each step is one write.
 *
 * `due` yields, page by page, the connections whose session ends before an instant (epoch seconds), those whose next check has come,
 * and those that their owners do not know, revoked ones too, because a close may have failed. It MAY be stale: what was missed is due a
 * minute later, and every change below is made on condition. It MUST NOT yield a connection whose own time has passed.
 * `find` answers by what was written last; undefined when the connection has left.
 * `prolong` and `rebind` change a connection only while it is there and belongs to the session that is named, and answer
 * whether they did. `prolong` notes what PHP said: when the session ends, if it does, and when to ask again. `rebind` gives
 * the connection another session of the same principal, by which `ofSession` of the registry MUST find it then, and leaves the session's end
 * alone.
 */
export interface LiveSessions {
  due(endsBefore: number): AsyncIterable<readonly DueConnection[]>;
  find(connection: Connection): Promise<LiveSession | undefined>;
  prolong(
    connection: Connection,
    sessionHash: string,
    until: { readonly validUntil: number; readonly sessionExpiresAt?: number | undefined },
  ): Promise<boolean>;
  rebind(
    connection: Connection,
    sessionHash: string,
    to: { readonly sessionHash: string; readonly sessionSeal?: string; readonly validUntil?: number },
  ): Promise<boolean>;
}

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
