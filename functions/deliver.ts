import type { Connection } from './core/connections/connection.ts';
import type { RegisteredConnection } from './core/connections/connection-registry.ts';
import { type BroadcastPage, deliverPage, type WorkerWorld } from './core/delivery/broadcast-worker.ts';
import { type Delivery, SocketTrouble } from './core/delivery/socket-sender.ts';
import { encodeFrame, welcomeFrame } from './core/frames/frame.ts';
import { type EndWorld, encodeEnding, endConnections, endSocket } from './core/sessions/close-connections.ts';
import type { DeliverJob } from './edge/invoke.ts';
import type { Tell } from './edge/telemetry.ts';

interface Dependencies extends EndWorld {
  /** What a page of a broadcast takes. Its sender tries once. */
  readonly worker: WorkerWorld;
  readonly tell: Tell;
}

/** How long a 410 is taken for "not open yet" while the connection is registered, and trouble is waited out, in milliseconds. */
const patienceMs = 10_000;

/**
 * What nobody waits for: posts the welcome, posts what was published to many, and closes the sockets that are too many.
 */
export function createDeliver({ worker, tell, ...world }: Dependencies) {
  const { registry, sender, leave, clock } = world;
  return async (job: DeliverJob): Promise<void> => {
    if ('welcome' in job) return welcome(job.welcome);
    if ('broadcast' in job) return broadcast(job.broadcast);
    return putOut(job.putOut);
  };

  async function broadcast(job: BroadcastPage): Promise<void> {
    const { delivered, gone, retried, lost, milliseconds } = await deliverPage(job, worker);
    const { id, channel, before, depth } = job;
    const counts = { Delivered: delivered, Gone: gone.length, Retried: retried, Lost: lost };
    const fields = { id, channel, before, depth };
    tell(lost > 0 ? 'error' : 'info', 'broadcast', fields, { ...counts, DeliveryMilliseconds: milliseconds });
  }

  /** Without it a Pusher client says nothing. Then it opens the connection to broadcasts. */
  async function welcome(connection: Connection): Promise<void> {
    const delivery = await postPatiently(connection);
    if (delivery === 'delivered' && (await registry.markWelcomed(connection, clock.now()))) {
      tell('info', 'welcomed', { ...connection }, { Delivered: 1 });
      return;
    }
    // It was revoked before its socket was open. Who revoked it could not close it then, nor say why.
    if ((await registry.whyRevoked(connection)) !== undefined) {
      await closePatiently(connection);
      tell('info', 'closed before its welcome', { ...connection }, { Revoked: 1 });
      return;
    }
    if (delivery === 'gone') {
      // Removes nothing: `$disconnect` does, and a row so young may belong to a socket that is only slow to open.
      tell('warn', 'welcome lost', { ...connection }, { WelcomeLost: 1 });
      return;
    }
    // It has left since.
    tell('info', 'welcomed', { ...connection }, { Delivered: 1 });
  }

  /** @throws when sockets are left, so that Lambda does it again */
  async function putOut(connections: readonly RegisteredConnection[]): Promise<void> {
    const deadline = clock.now() + patienceMs;
    const report = await endConnections(connections, 'put-out', world, deadline);
    const { found, closed, gone, failed } = report;
    const fields = { principalId: connections[0]?.principalId, found, gone, failed };
    tell(failed > 0 ? 'error' : 'info', 'put out', fields, { PutOut: closed });
    if (failed > 0) throw new Error(`${failed} of ${found} sockets could not be closed.`);
  }

  async function postPatiently(connection: Connection): Promise<Delivery> {
    const frame = encodeFrame(welcomeFrame(connection.connectionId));
    // Who logged out while the socket opened is never welcomed.
    if (!(await registry.holds(connection))) return 'gone';
    const giveUpAt = clock.now() + patienceMs;
    for (let pauseMs = 25; ; pauseMs = Math.min(pauseMs * 2, 1000)) {
      const isLast = clock.now() + pauseMs > giveUpAt;
      const delivery = await sender.post(connection.connectionId, frame).catch((error: unknown) => {
        // Lambda would try again in a minute; no client waits so long for its welcome.
        if (isLast || !(error instanceof SocketTrouble && error.retryable)) throw error;
        return 'unknown' as const;
      });
      if (delivery === 'delivered' || (isLast && delivery === 'gone')) return delivery;
      // Else everyone who hangs up early would keep a Lambda busy for ten seconds.
      if (!(await registry.holds(connection))) return 'gone';
      await clock.pause(pauseMs);
    }
  }

  async function closePatiently(connection: Connection): Promise<void> {
    const giveUpAt = clock.now() + patienceMs;
    for (let pauseMs = 25; ; pauseMs = Math.min(pauseMs * 2, 1000)) {
      const why = await registry.whyRevoked(connection);
      if (why === undefined) break;
      const closing = await endSocket(connection.connectionId, encodeEnding(why), sender);
      if (closing === 'closed' || clock.now() + pauseMs > giveUpAt) break;
      await clock.pause(pauseMs);
    }
    await leave(connection);
  }
}
