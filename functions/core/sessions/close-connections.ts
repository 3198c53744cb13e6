import type { Leave, LeaveChannel } from '../channels/leave.ts';
import { type Clock, doublingPauses, startStopwatch } from '../clock.ts';
import { forEachConcurrently } from '../concurrency.ts';
import { type Connection, welcomePatience } from '../connections/connection.ts';
import type { ConnectionRegistry, RevokedConnection } from '../connections/connection-registry.ts';
import { type Closing, closeSocket, encodeLastFrame, type SocketSender } from '../delivery/socket-sender.ts';
import { explainEnding, type RefusalReason } from '../refusal.ts';

/** The number of sockets to close, and the outcomes. */
export interface CloseReport {
  readonly found: number;
  readonly closed: number;
  readonly gone: number;
  /** Not closed at the deadline. A repetition finds them again. */
  readonly failed: number;
  /** Milliseconds of each step. */
  readonly took: Readonly<Partial<Record<'mark' | 'close' | 'forget', number>>>;
}

const concurrency = 50;
/** Up to this number, rows are marked one by one, which is faster and costs half. */
const maxSingleMarks = 10;

/**
 * Closes sockets permanently, in four steps. It marks each row, so that the connection can join nothing more. It removes
 * the connection from its channels, so that nothing is published to it. It posts the reason and closes the socket. It
 * removes the rows when all sockets are closed, because no client waits for that. Failed steps are retried.
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
      const marked = await mark(left, endedAt, why);
      watch.lap('mark');
      // A socket is closed even if its row cannot be marked.
      const closings = new Map<Connection, Closing>();
      await tryAll(left, async (connection) => {
        closings.set(connection, await close(connection, lastFrame, deadline));
      });
      watch.lap('close');
      await tryAll([...closings.keys()], async (connection) => {
        const closing = closings.get(connection) ?? 'gone';
        const isMarked = marked.has(connection);
        const hasEnded = isMarked && !mayStillOpen(marked.get(connection));
        if (closing === 'closed' || hasEnded) await remove(connection, isMarked);
        // A socket that is neither open yet nor marked could still open, so it is tried again.
        if (closing === 'closed' || isMarked) outcomes.set(connection, closing);
      });
      watch.lap('forget');
      left = left.filter((connection) => !outcomes.has(connection));
      if (left.length === 0 || clock.now() + pauseMs >= deadline) break;
      await clock.pause(pauseMs);
    }
    const closed = [...outcomes.values()].filter((outcome) => outcome === 'closed').length;
    return { found: found.length, closed, gone: outcomes.size - closed, failed: left.length, took: watch.laps };
  };

  /**
   * @returns the state before of each connection that is marked and removed from its channels; undefined if it has left
   */
  async function mark(
    connections: readonly Connection[],
    endedAt: number,
    why: RefusalReason,
  ): Promise<Map<Connection, RevokedConnection | undefined>> {
    const marked = new Map<Connection, RevokedConnection | undefined>();
    const together =
      // A request that fails for all connections may succeed for each.
      connections.length > maxSingleMarks
        ? await registry.revokeTogether(connections, endedAt, why).catch(() => undefined)
        : undefined;
    await tryAll(connections, async (connection) => {
      const row =
        together === undefined
          ? await registry.revoke(connection, endedAt, why)
          : together.get(connection.connectionId);
      await Promise.all((row?.channels ?? []).map((channel) => leaveChannel(channel, connection)));
      marked.set(connection, row);
    });
    return marked;
  }

  /** A marked connection has already left its channels, and cannot have joined others since. */
  async function remove(connection: Connection, isMarked: boolean): Promise<void> {
    if (isMarked) await registry.leave(connection);
    else await leave(connection);
  }

  async function close({ connectionId }: Connection, lastFrame: Uint8Array, deadline: number): Promise<Closing> {
    if (clock.now() >= deadline) throw new Error('The deadline has passed.');
    return closeSocket(connectionId, lastFrame, sender);
  }

  /**
   * A new socket without its welcome may be about to open. Its row stays, so that `deliver` sees the revocation and
   * closes the socket instead of welcoming it.
   */
  function mayStillOpen(row: RevokedConnection | undefined): boolean {
    return row !== undefined && !row.welcomed && clock.now() - row.connectedAt < welcomePatience * 1000;
  }
}

export function sumCloseReports(reports: readonly CloseReport[]): Omit<CloseReport, 'took'> {
  const total = (count: keyof Omit<CloseReport, 'took'>) =>
    reports.reduce((subtotal, report) => subtotal + report[count], 0);
  return { found: total('found'), closed: total('closed'), gone: total('gone'), failed: total('failed') };
}

/** A failure does not stop the others. */
async function tryAll(
  connections: readonly Connection[],
  act: (connection: Connection) => Promise<void>,
): Promise<void> {
  await forEachConcurrently([connections], concurrency, (connection) => act(connection).catch(() => undefined));
}
