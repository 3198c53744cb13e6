import type { Leave, LeaveChannel } from '../channels/leave.ts';
import { type Clock, doublingPauses, startStopwatch } from '../clock.ts';
import { forEachConcurrently } from '../concurrency.ts';
import { type Connection, welcomePatience } from '../connections/connection.ts';
import type { ConnectionRegistry, RevokedConnection } from '../connections/connection-registry.ts';
import { type Closing, closeSocket, encodeLastFrame, type SocketSender } from '../delivery/socket-sender.ts';
import { explainEnding, type RefusalReason } from '../refusal.ts';

/** How many sockets were to close, and what became of them. */
export interface CloseReport {
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
export type CloseConnections = (
  found: readonly Connection[],
  why: RefusalReason,
  deadline: number,
) => Promise<CloseReport>;

export interface CloseConnectionsParts {
  readonly registry: Pick<ConnectionRegistry, 'revoke' | 'revokeTogether' | 'leave'>;
  readonly sender: SocketSender;
  readonly leaveChannel: LeaveChannel;
  readonly leave: Leave;
  readonly clock: Clock;
}

export function createCloseConnections(parts: CloseConnectionsParts): CloseConnections {
  const { registry, sender, leaveChannel, leave, clock } = parts;
  return async (found, why, deadline) => {
    if (found.length === 0) return { found: 0, closed: 0, gone: 0, failed: 0, took: {} };
    const watch = startStopwatch<keyof CloseReport['took']>(clock);
    const endedAt = clock.now();
    const lastFrame = encodeLastFrame(explainEnding(why));
    const outcomes = new Map<Connection, Closing>();
    let left = found;
    for (const pauseMs of doublingPauses(50)) {
      const silenced = await silence(left, endedAt, why);
      watch.lap('mark');
      // A socket whose row cannot be marked is closed all the same.
      const closings = new Map<Connection, Closing>();
      await tryAll(left, async (connection) => {
        closings.set(connection, await close(connection, lastFrame, deadline));
      });
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
  };

  /** @returns the rows of those that hear nothing any more, as they were; undefined for one that has left */
  async function silence(
    connections: readonly Connection[],
    endedAt: number,
    why: RefusalReason,
  ): Promise<Map<Connection, RevokedConnection | undefined>> {
    const silenced = new Map<Connection, RevokedConnection | undefined>();
    const marked =
      // Whatever fails for all of them may succeed one by one.
      connections.length > few
        ? await registry.revokeTogether(connections, endedAt, why).catch(() => undefined)
        : undefined;
    await tryAll(connections, async (connection) => {
      const row =
        marked === undefined ? await registry.revoke(connection, endedAt, why) : marked.get(connection.connectionId);
      await Promise.all((row?.channels ?? []).map((channel) => leaveChannel(channel, connection)));
      silenced.set(connection, row);
    });
    return silenced;
  }

  /** Off its channels already where it was silenced, and it can have joined none since. */
  async function forget(connection: Connection, isSilenced: boolean): Promise<void> {
    if (isSilenced) await registry.leave(connection);
    else await leave(connection);
  }

  async function close({ connectionId }: Connection, lastFrame: Uint8Array, deadline: number): Promise<Closing> {
    if (clock.now() >= deadline) throw new Error('The time is over.');
    return closeSocket(connectionId, lastFrame, sender);
  }

  /**
   * A young socket without its welcome may only be about to open. Its row stays, so that who brings the welcome sees that it was
   * revoked, and closes it.
   */
  function mayOpen(row: RevokedConnection | undefined): boolean {
    return row !== undefined && !row.welcomed && clock.now() - row.connectedAt < welcomePatience * 1000;
  }
}

export function sumCloseReports(reports: readonly CloseReport[]): Omit<CloseReport, 'took'> {
  const total = (count: keyof Omit<CloseReport, 'took'>) =>
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
