import type { Connection } from './connection.ts';
import type { RegisteredConnection } from './connection-registry.ts';

/** What happens above the limit: the new connection is refused, or the oldest connection of its principal is closed. */
export const limitChoices = ['refuse', 'oldest-out'] as const;
export type LimitChoice = (typeof limitChoices)[number];

export interface ConnectionLimit {
  /** Open connections of one principal. */
  readonly maxConnections: number;
  readonly atMaxConnections: LimitChoice;
}

/** Each handshake reads all connections of its principal, so their number needs a maximum. */
const mostConnections = 1000;

export const defaultLimit: ConnectionLimit = { maxConnections: 100, atMaxConnections: 'refuse' };

/**
 * Finds the connections above the limit of a principal: the newcomer, or older ones. `open` was read after the
 * newcomer's row was written, so it contains the newcomer. Of two connections at the same time, the later one sees
 * both, so together they never exceed the limit. Under `refuse`, both may be rejected although one had room. Under
 * `oldest-out`, all decide by the same order, in which the newest stay. Otherwise two connections could close each
 * other.
 */
export function findExcessConnections(
  newcomer: Connection,
  open: readonly RegisteredConnection[],
  { maxConnections, atMaxConnections }: ConnectionLimit,
): 'the newcomer' | readonly RegisteredConnection[] {
  const tooMany = open.length - maxConnections;
  if (tooMany <= 0) return [];
  if (atMaxConnections === 'refuse') return 'the newcomer';
  const oldest = open.toSorted(byAge).slice(0, tooMany);
  return oldest.some(({ connectionId }) => connectionId === newcomer.connectionId) ? 'the newcomer' : oldest;
}

/** The oldest first. The id decides between two of one millisecond, so that every Lambda decides alike. */
function byAge(a: RegisteredConnection, b: RegisteredConnection): number {
  if (a.connectedAt !== b.connectedAt) return a.connectedAt - b.connectedAt;
  return a.connectionId < b.connectionId ? -1 : 1;
}

/** Undefined when the limit is valid; otherwise one plain sentence. */
export function findLimitFault({ maxConnections, atMaxConnections }: ConnectionLimit): string | undefined {
  if (!Number.isInteger(maxConnections) || maxConnections < 1 || maxConnections > mostConnections) {
    return `maxConnectionsPerUser must be a whole number from 1 to ${mostConnections} (got ${maxConnections}).`;
  }
  if (limitChoices.includes(atMaxConnections)) return undefined;
  return `atMaxConnections must be one of ${limitChoices.join(', ')} (got "${atMaxConnections}").`;
}
