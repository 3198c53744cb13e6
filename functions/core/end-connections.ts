import { actOnAll } from './act-on-all.ts';
import type { Clock } from './clock.ts';
import { welcomePatience } from './connection.ts';
import type { ConnectionRegistry, RegisteredConnection } from './connection-registry.ts';
import { explainEnding } from './ending-refusal.ts';
import { encodeFrame, errorFrame } from './frame.ts';
import type { Leave } from './leave.ts';
import type { Part } from './part.ts';
import type { RefusalReason } from './refusal.ts';
import type { Closing, SocketSender } from './socket-sender.ts';
import { startStopwatch } from './stopwatch.ts';

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

/**
 * Closes sockets for good. First every row is marked, so that it joins nothing more, and taken off its channels, so that
 * nothing is published to it; then each is told why and closed; and only when all are, forgotten, because that no client waits
 * for. What fails is tried again.
 * @param deadline epoch milliseconds
 */
export async function endConnections(
  found: readonly RegisteredConnection[],
  why: RefusalReason,
  { registry, sender, part, leave, clock }: EndWorld,
  deadline: number,
): Promise<EndReport> {
  const watch = startStopwatch<keyof EndReport['took']>(clock);
  const endedAt = clock.now();
  const ending = encodeEnding(why);
  const outcomes = new Map<RegisteredConnection, Closing>();
  let left = found;
  for (let pauseMs = 50; left.length > 0; pauseMs *= 2) {
    const silenced = await tryAll(left, silence);
    watch.lap('mark');
    const closings = await tryAll(left, close);
    watch.lap('close');
    await tryAll([...closings.keys()], async (connection) => {
      const closing = closings.get(connection) ?? 'gone';
      if (closing === 'closed' || !mayOpen(connection)) await leave(connection);
      // One that is not open yet and not marked either would open in peace.
      if (closing === 'closed' || silenced.has(connection)) outcomes.set(connection, closing);
    });
    watch.lap('forget');
    left = left.filter((connection) => !outcomes.has(connection));
    if (left.length === 0 || clock.now() + pauseMs >= deadline) break;
    await clock.pause(pauseMs);
  }
  const closed = [...outcomes.values()].filter((outcome) => outcome === 'closed').length;
  return { found: found.length, closed, gone: outcomes.size - closed, failed: left.length, took: watch.laps };

  async function silence(connection: RegisteredConnection): Promise<void> {
    const channels = (await registry.revoke(connection, endedAt, why)) ?? [];
    await Promise.all(channels.map((channel) => part(channel, connection)));
  }

  async function close({ connectionId }: RegisteredConnection): Promise<Closing> {
    if (clock.now() >= deadline) throw new Error('The time is over.');
    return endSocket(connectionId, ending, sender);
  }

  /**
   * A young socket without its welcome may only be about to open. Its row stays, so that who brings the welcome sees that it was
   * revoked, and closes it.
   */
  function mayOpen({ welcomed, connectedAt }: RegisteredConnection): boolean {
    return !welcomed && clock.now() - connectedAt < welcomePatience * 1000;
  }
}

export function sumEndings(reports: readonly EndReport[]): Omit<EndReport, 'took'> {
  const total = (count: keyof Omit<EndReport, 'took'>) =>
    reports.reduce((subtotal, report) => subtotal + report[count], 0);
  return { found: total('found'), closed: total('closed'), gone: total('gone'), failed: total('failed') };
}

/** @returns what came of those that did not fail */
async function tryAll<Result>(
  connections: readonly RegisteredConnection[],
  act: (connection: RegisteredConnection) => Promise<Result>,
): Promise<Map<RegisteredConnection, Result>> {
  const results = new Map<RegisteredConnection, Result>();
  await actOnAll([connections], concurrency, async (connection) => {
    await act(connection).then(
      (result) => void results.set(connection, result),
      () => undefined,
    );
  });
  return results;
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
