import { waitUntil } from '../clock.ts';
import { forEachConcurrently } from '../concurrency.ts';
import type { Connection } from '../connections/connection.ts';
import { type EndReport, type EndWorld, endConnections, sumEndings } from './close-connections.ts';
import type { LiveSessions } from './live-sessions.ts';

/** A connection whose session ends soon. */
export interface EndingConnection {
  readonly connection: Connection;
  /** Epoch seconds. */
  readonly at: number;
}

const never = Number.POSITIVE_INFINITY;

/** Reads of the table under way at once. */
const readers = 50;

/**
 * Closes sockets when their session ends, and not up to a minute later. Their rows are read again, because the end may have moved. A
 * socket whose row cannot be read counts as failed, and the others do not wait for it.
 * @param deadline epoch milliseconds, for the closing of the last
 */
export async function closeAtTheEnd(
  ending: readonly EndingConnection[],
  world: EndWorld & { readonly live: Pick<LiveSessions, 'find'> },
  deadline: number,
): Promise<Omit<EndReport, 'took'>> {
  const { live, clock } = world;
  const endings: EndReport[] = [];
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
    endings.push(await endConnections(ended, 'ended-session', world, deadline));
  }
  const { found, failed, ...others } = sumEndings(endings);
  return { ...others, found: found + unread, failed: failed + unread };
}
