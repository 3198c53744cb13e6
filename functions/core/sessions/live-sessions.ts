import type { Connection } from '../connections/connection.ts';
import type { RegisteredConnection } from '../connections/connection-registry.ts';

/** A connection with a session to check, to close or to register with its owners. */
export interface DueConnection extends RegisteredConnection {
  readonly sessionHash: string;
  /** Epoch seconds. */
  readonly sessionExpiresAt?: number | undefined;
  /** Epoch seconds of the next check. */
  readonly validUntil?: number | undefined;
  /** For a row of functions of 0.1.0: the fields that name its owners. */
  readonly unowned?: Unowned | undefined;
}

export interface Unowned {
  readonly signedInAs?: string | undefined;
  readonly channels: readonly string[];
}

/**
 * Milliseconds: a session that ends within this time is closed at its end, by the function that noticed it. The next
 * run of `revalidate` begins within a minute, and EventBridge may be seconds late
 * (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-rule-schedule.html).
 */
export const endsSoonMs = 75_000;

/** The current session of a connection. */
export interface LiveSession {
  readonly sessionHash: string;
  readonly sessionSeal?: string | undefined;
  /** Epoch seconds. */
  readonly sessionExpiresAt?: number | undefined;
}

/**
 * The port to the sessions of open sockets. They are stored in the rows of their connections, so that each step is one
 * write.
 *
 * `due` yields, page by page, the connections whose session ends before an instant (epoch seconds), those whose next
 * check is due, and those that are not registered with their owners. It includes revoked ones, because a close may have
 * failed. It MAY be stale: a missed connection is due a minute later, and every change below is conditional. It MUST
 * NOT yield an expired connection.
 * `find` MUST read the latest write. It returns undefined when the connection has left.
 * `prolong` and `rebind` change a connection only while it exists and belongs to the given session, and return whether
 * they did. `prolong` stores PHP's answer: the end of the session, if there is one, and the next check. `rebind` gives
 * the connection another session of the same principal. `ofSession` of the registry MUST then find it by that session.
 * `rebind` keeps the end of the session.
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
 * The minimum of seconds between two checks of a session, the handshake included. By then, the socket has been welcomed
 * or its row can be deleted.
 */
const minSecondsBetweenChecks = 30;

/**
 * Seconds between the last check and the end that PHP named. If PHP has moved the end, the check learns it before the
 * socket closes.
 */
const lastCheckLead = 90;

interface Life {
  readonly sessionHash: string;
  /** Epoch seconds, if PHP names an end. */
  readonly sessionExpiresAt?: number | undefined;
}

/**
 * When PHP is asked about a session again, in epoch seconds. The hash of a session gives it its own second within the
 * interval. So all its sockets are due together and share one question, and sessions that began together are due at
 * different times.
 * @param interval seconds
 * @param now epoch milliseconds
 */
export function nextCheck({ sessionHash, sessionExpiresAt }: Life, interval: number, now: number): number {
  const earliest = Math.ceil(now / 1000) + minSecondsBetweenChecks;
  const own = Number.parseInt(sessionHash.slice(0, 8), 16) % interval;
  const next = earliest + ((((own - earliest) % interval) + interval) % interval);
  if (sessionExpiresAt === undefined) return next;
  const beforeTheEnd = sessionExpiresAt - lastCheckLead;
  return Math.min(next, beforeTheEnd >= earliest ? beforeTheEnd : sessionExpiresAt);
}
