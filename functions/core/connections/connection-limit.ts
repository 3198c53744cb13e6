import type { Connection } from './connection.ts';
import type { RegisteredConnection } from './connection-registry.ts';

/** What happens to a connection above the limit: it is refused, or the oldest of its principal's makes room. */
export const limitChoices = ['refuse', 'oldest-out'] as const;
export type LimitChoice = (typeof limitChoices)[number];

export interface ConnectionLimit {
  /** Open connections of one principal. */
  readonly maxConnections: number;
  readonly atMaxConnections: LimitChoice;
}

/** All of a principal's are read in each handshake, so there is an end to how many that may be. */
export const mostConnections = 1000;

export const defaultLimit: ConnectionLimit = { maxConnections: 100, atMaxConnections: 'refuse' };

/**
 * Who has to go so that a principal has no more connections than it may have: the newcomer, or these others. The newcomer is in
 * `open` already, which was read after its row was written: of two that come at once the later one sees both, so together
 * they are never above the limit. Under `refuse` both may go although one had room. Under `oldest-out` everybody decides by
 * the same order, in which the newest stay; else two could put out each other.
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

/** The oldest first; the id decides between two of one millisecond, so that everybody decides alike. */
function byAge(a: RegisteredConnection, b: RegisteredConnection): number {
  if (a.connectedAt !== b.connectedAt) return a.connectedAt - b.connectedAt;
  return a.connectionId < b.connectionId ? -1 : 1;
}

/** Undefined when it can be kept to; else one plain sentence. */
export function findLimitFault({ maxConnections, atMaxConnections }: ConnectionLimit): string | undefined {
  if (!Number.isInteger(maxConnections) || maxConnections < 1 || maxConnections > mostConnections) {
    return `maxConnectionsPerUser is ${maxConnections}; it is a whole number from 1 to ${mostConnections}.`;
  }
  if (limitChoices.includes(atMaxConnections)) return undefined;
  return `atMaxConnections "${atMaxConnections}" is not known; it is one of ${limitChoices.join(', ')}.`;
}
