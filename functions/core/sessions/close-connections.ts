import type { Leave } from '../channels/leave.ts';
import type { Part } from '../channels/part.ts';
import { type Clock, startStopwatch } from '../clock.ts';
import { forEachConcurrently } from '../concurrency.ts';
import { type Connection, welcomePatience } from '../connections/connection.ts';
import type { ConnectionRegistry, RevokedConnection } from '../connections/connection-registry.ts';
import type { Closing, SocketSender } from '../delivery/socket-sender.ts';
import { encodeFrame, errorFrame } from '../frames/frame.ts';
import { explainEnding, type RefusalReason } from '../refusal.ts';

export interface EndWorld {
  readonly registry: ConnectionRegistry;
  readonly sender: SocketSender;
  readonly part: Part;
  readonly leave: Leave;
  readonly clock: Clock;
}

/** How many sockets were to close, and what became of them. */
export interface EndReport {
  readonly found: number;
  readonly closed: number;
  readonly gone: number;
  /** Not closed at the deadline; asked again, it finds them again. */
  readonly failed: number;
  /** Milliseconds of each step. */
  readonly took: Readonly<Partial<Record<'mark' | 'close' | 'forget', number>>>;
}

const concurrency = 50;
/** Marked one by one: one request is faster than two, and half the price. */
const few = 10;

/**
 * Closes sockets for good. First every row is marked, so that the connection joins nothing more, and taken off its channels, so that
 * nothing is published to it; then the client gets the reason, and the socket is closed. Rows are removed when all are closed, because
 * no client waits for that. What fails is tried again.
 * @param deadline epoch milliseconds
 */
export async function endConnections(
  found: readonly Connection[],
  why: RefusalReason,
  { registry, sender, part, leave, clock }: EndWorld,
  deadline: number,
): Promise<EndReport> {
  const watch = startStopwatch<keyof EndReport['took']>(clock);
  const endedAt = clock.now();
  const ending = encodeEnding(why);
  const outcomes = new Map<Connection, Closing>();
  let left = found;
  for (let pauseMs = 50; left.length > 0; pauseMs *= 2) {
    const silenced = await silence(left);
    watch.lap('mark');
    // A socket whose row cannot be marked is closed all the same.
    const closings = new Map<Connection, Closing>();
    await tryAll(left, async (connection) => void closings.set(connection, await close(connection)));
    watch.lap('close');
    await tryAll([...closings.keys()], async (connection) => {
      const closing = closings.get(connection) ?? 'gone';
      const isSilenced = silenced.has(connection);
      const isOver = isSilenced && !mayOpen(silenced.get(connection));
      if (closing === 'closed' || isOver) await forget(connection, isSilenced);
      // One that is not open yet and not marked either would open in peace.
      if (closing === 'closed' || isSilenced) outcomes.set(connection, closing);
    });
    watch.lap('forget');
    left = left.filter((connection) => !outcomes.has(connection));
    if (left.length === 0 || clock.now() + pauseMs >= deadline) break;
    await clock.pause(pauseMs);
  }
  const closed = [...outcomes.values()].filter((outcome) => outcome === 'closed').length;
  return { found: found.length, closed, gone: outcomes.size - closed, failed: left.length, took: watch.laps };

  /** @returns the rows of those that hear nothing any more, as they were; undefined for one that has left */
  async function silence(connections: readonly Connection[]): Promise<Map<Connection, RevokedConnection | undefined>> {
    const silenced = new Map<Connection, RevokedConnection | undefined>();
    const marked = connections.length > few ? await markTogether(connections) : undefined;
    await tryAll(connections, async (connection) => {
      const row =
        marked === undefined ? await registry.revoke(connection, endedAt, why) : marked.get(connection.connectionId);
      await Promise.all((row?.channels ?? []).map((channel) => part(channel, connection)));
      silenced.set(connection, row);
    });
    return silenced;
  }

  /** Whatever fails for all of them may succeed one by one. */
  async function markTogether(connections: readonly Connection[]) {
    return registry.revokeTogether(connections, endedAt, why).catch(() => undefined);
  }

  /** Off its channels already where it was silenced, and it can have joined none since. */
  async function forget(connection: Connection, isSilenced: boolean): Promise<void> {
    if (isSilenced) await registry.leave(connection);
    else await leave(connection);
  }

  async function close({ connectionId }: Connection): Promise<Closing> {
    if (clock.now() >= deadline) throw new Error('The time is over.');
    return endSocket(connectionId, ending, sender);
  }

  /**
   * A young socket without its welcome may only be about to open. Its row stays, so that who brings the welcome sees that it was
   * revoked, and closes it.
   */
  function mayOpen(row: RevokedConnection | undefined): boolean {
    return row !== undefined && !row.welcomed && clock.now() - row.connectedAt < welcomePatience * 1000;
  }
}

export function sumEndings(reports: readonly EndReport[]): Omit<EndReport, 'took'> {
  const total = (count: keyof Omit<EndReport, 'took'>) =>
    reports.reduce((subtotal, report) => subtotal + report[count], 0);
  return { found: total('found'), closed: total('closed'), gone: total('gone'), failed: total('failed') };
}

/** One that fails does not stop the others. */
async function tryAll(
  connections: readonly Connection[],
  act: (connection: Connection) => Promise<void>,
): Promise<void> {
  await forEachConcurrently([connections], concurrency, (connection) => act(connection).catch(() => undefined));
}

/** The last frame of a socket, encoded once for all that end for this reason. */
export function encodeEnding(why: RefusalReason): Uint8Array {
  return Buffer.from(encodeFrame(errorFrame(explainEnding(why))));
}

/** Tells a client that it is over, and for good, then closes its socket: closing itself carries no code. */
export async function endSocket(connectionId: string, ending: Uint8Array, sender: SocketSender): Promise<Closing> {
  // Being told is a courtesy, being closed is not.
  const told = await sender.post(connectionId, ending).catch(() => 'unknown' as const);
  return told === 'gone' ? 'gone' : sender.close(connectionId);
}
