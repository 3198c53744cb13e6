import { actOnAll } from './act-on-all.ts';
import type { Connection } from './connection.ts';
import { type EndReport, type EndWorld, endConnections, sumEndings } from './end-connections.ts';
import type { LiveSessions } from './live-sessions.ts';

/** A connection whose session ends soon. */
export interface EndingConnection {
  readonly connection: Connection;
  /** Epoch seconds. */
  readonly at: number;
}

/** Reads of the table under way at once. */
const readers = 50;

/**
 * Closes sockets when their session ends, and not up to a minute later. Their rows are read again, because the end may have moved.
 * @param deadline epoch milliseconds, for the closing of the last
 */
export async function closeAtTheEnd(
  ending: readonly EndingConnection[],
  world: EndWorld & { readonly live: Pick<LiveSessions, 'find'> },
  deadline: number,
): Promise<Omit<EndReport, 'took'>> {
  const { live, clock } = world;
  const endings: EndReport[] = [];
  for (const at of new Set(ending.map((each) => each.at))) {
    const early = at * 1000 - clock.now();
    if (early > 0) await clock.pause(early);
    const ended: Connection[] = [];
    const candidates = ending.filter((each) => each.at === at).map(({ connection }) => connection);
    await actOnAll([candidates], readers, async (connection) => {
      const { sessionExpiresAt = Number.POSITIVE_INFINITY } = (await live.find(connection)) ?? {};
      if (sessionExpiresAt * 1000 <= clock.now()) ended.push(connection);
    });
    endings.push(await endConnections(ended, 'ended-session', world, deadline));
  }
  return sumEndings(endings);
}
