import type { Clock } from './core/clock.ts';
import type { Connection } from './core/connections/connection.ts';
import type { BroadcastPage } from './core/delivery/broadcast.ts';
import type { BroadcastWorker } from './core/delivery/broadcast-worker.ts';
import type { Welcome } from './core/delivery/welcome.ts';
import type { CloseConnections } from './core/sessions/close-connections.ts';
import type { DeliverJob } from './edge/invoke.ts';
import type { Log } from './edge/telemetry.ts';

interface DeliverParts {
  readonly welcome: Welcome;
  readonly broadcastWorker: BroadcastWorker;
  readonly closeConnections: CloseConnections;
  readonly clock: Clock;
  readonly log: Log;
}

/** Milliseconds in which closing the sockets above the limit must begin. */
const closingMs = 10_000;

/** Work in the background: posts the welcome, posts large broadcasts, and closes sockets above the limit. */
export function createDeliver({ welcome, broadcastWorker, closeConnections, clock, log }: DeliverParts) {
  return async (job: DeliverJob): Promise<void> => {
    if ('welcome' in job) return greet(job.welcome);
    if ('broadcast' in job) return postPage(job.broadcast);
    return closeExcess(job.putOut);
  };

  async function greet(connection: Connection): Promise<void> {
    const outcome = await welcome(connection);
    const fields = { principalId: connection.principalId, connectionId: connection.connectionId };
    if (outcome === 'revoked') return log('info', 'closed before its welcome', fields, { Revoked: 1 });
    if (outcome === 'lost') return log('warn', 'welcome lost', fields, { WelcomeLost: 1 });
    log('info', 'welcomed', fields, { Delivered: 1 });
  }

  async function postPage(job: BroadcastPage): Promise<void> {
    const { delivered, gone, retried, lost, milliseconds } = await broadcastWorker(job);
    const { id, channel, before, depth } = job;
    const counts = { Delivered: delivered, Gone: gone.length, Retried: retried, Lost: lost };
    const fields = { id, channel, before, depth };
    log(lost > 0 ? 'error' : 'info', 'broadcast', fields, { ...counts, DeliveryMilliseconds: milliseconds });
  }

  /** @throws when sockets are still open, so that Lambda retries */
  async function closeExcess(connections: readonly Connection[]): Promise<void> {
    const report = await closeConnections(connections, 'put-out', clock.now() + closingMs);
    const { found, closed, gone, failed } = report;
    const fields = { principalId: connections[0]?.principalId, found, gone, failed };
    log(failed > 0 ? 'error' : 'info', 'put out', fields, { PutOut: closed });
    if (failed > 0) throw new Error(`${failed} of ${found} sockets could not be closed.`);
  }
}
