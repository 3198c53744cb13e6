import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Clock } from './core/clock.ts';
import type { Connection } from './core/connection.ts';
import type { ConnectionRegistry } from './core/connection-registry.ts';
import { encodeFrame, welcomeFrame } from './core/frame.ts';
import { endSocket } from './core/revoke.ts';
import type { Delivery, SocketSender } from './core/socket-sender.ts';
import { systemClock } from './edge/clock.ts';
import { createConnectionRows } from './edge/connection-rows.ts';
import { read } from './edge/environment.ts';
import type { DeliverJob } from './edge/invoke.ts';
import { createSockets } from './edge/sockets.ts';
import { createTell, type Tell } from './edge/telemetry.ts';

interface Dependencies {
  readonly registry: ConnectionRegistry;
  readonly sender: SocketSender;
  readonly clock: Clock;
  readonly tell: Tell;
}

/** How long a 410 is taken for "not open yet" while the connection is registered, in milliseconds. */
const patienceMs = 10_000;

/** Posts the welcome, without which a Pusher client says nothing, then opens the connection to broadcasts. */
export function createDeliver({ registry, sender, clock, tell }: Dependencies) {
  return async ({ welcome: connection }: DeliverJob): Promise<void> => {
    const delivery = await postPatiently(connection);
    if (delivery === 'delivered' && (await registry.markWelcomed(connection, clock.now()))) {
      tell('info', 'welcomed', { ...connection }, { Delivered: 1 });
      return;
    }
    // It was revoked before its socket was open. Who revoked it could not close it then.
    if (await registry.isRevoked(connection)) {
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
  };

  async function postPatiently(connection: Connection): Promise<Delivery> {
    const frame = encodeFrame(welcomeFrame(connection.connectionId));
    // Who logged out while the socket opened is never welcomed.
    if (!(await registry.holds(connection))) return 'gone';
    const giveUpAt = clock.now() + patienceMs;
    for (let pauseMs = 25; ; pauseMs = Math.min(pauseMs * 2, 1000)) {
      const delivery = await sender.post(connection.connectionId, frame);
      if (delivery === 'delivered' || clock.now() + pauseMs > giveUpAt) return delivery;
      // Else everyone who hangs up early would keep a Lambda busy for ten seconds.
      if (!(await registry.holds(connection))) return 'gone';
      await clock.pause(pauseMs);
    }
  }

  async function closePatiently(connection: Connection): Promise<void> {
    const giveUpAt = clock.now() + patienceMs;
    for (let pauseMs = 25; await registry.isRevoked(connection); pauseMs = Math.min(pauseMs * 2, 1000)) {
      const closing = await endSocket(connection.connectionId, sender);
      if (closing === 'closed' || clock.now() + pauseMs > giveUpAt) break;
      await clock.pause(pauseMs);
    }
    await registry.leave(connection);
  }
}

export const handler = createDeliver({
  registry: createConnectionRows(read('CONNECTIONS_TABLE'), new DynamoDBClient({}), systemClock),
  sender: createSockets(read('CALLBACK_URL'), { maxAttempts: 3, timeoutMs: 3000 }),
  clock: systemClock,
  tell: createTell(),
});
