import { createBroadcastWorker } from '../core/delivery/broadcast-worker.ts';
import { createWelcome } from '../core/delivery/welcome.ts';
import { createCloseConnections } from '../core/sessions/close-connections.ts';
import { createDeliver } from '../deliver.ts';
import { createDynamoDbClient } from '../edge/aws-clients.ts';
import { systemClock } from '../edge/clock.ts';
import { createSockets } from '../edge/connections/sockets.ts';
import { createClaimRows } from '../edge/dynamodb/claim-rows.ts';
import { read, readConnectionsApiSettings } from '../edge/environment.ts';
import { createLog } from '../edge/telemetry.ts';
import { wireChannels } from './channels.ts';

export function wire() {
  const client = createDynamoDbClient();
  const connectionsApi = readConnectionsApiSettings();
  // A long timeout, because a post that was accepted but not answered in time is posted twice, and a slow one delays no
  // other.
  const broadcastSender = createSockets(connectionsApi, { maxAttempts: 1, timeoutMs: 10_000 });
  const closingSender = createSockets(connectionsApi, { maxAttempts: 3, timeoutMs: 3000 });
  const { registry, subscriptions, startWorker, postToSubscribers, leaveChannel, leave } = wireChannels(
    client,
    broadcastSender,
  );
  return createDeliver({
    welcome: createWelcome({ registry, sender: closingSender, leave, clock: systemClock }),
    broadcastWorker: createBroadcastWorker({
      subscribers: subscriptions,
      claims: createClaimRows(read('CLAIMS_TABLE'), client, systemClock),
      postToSubscribers,
      startWorker,
      clock: systemClock,
    }),
    closeConnections: createCloseConnections({
      registry,
      sender: closingSender,
      leaveChannel,
      leave,
      clock: systemClock,
    }),
    clock: systemClock,
    log: createLog(),
  });
}
