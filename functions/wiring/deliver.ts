import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createBroadcastWorker } from '../core/delivery/broadcast-worker.ts';
import { createWelcome } from '../core/delivery/welcome.ts';
import { createCloseConnections } from '../core/sessions/close-connections.ts';
import { createDeliver } from '../deliver.ts';
import { createClaimRows } from '../edge/claim-rows.ts';
import { systemClock } from '../edge/clock.ts';
import { read } from '../edge/environment.ts';
import { createSockets } from '../edge/sockets.ts';
import { createTell } from '../edge/telemetry.ts';
import { waitAtMost } from '../edge/wait-at-most.ts';
import { wireChannels } from './channels.ts';

export function wire() {
  const client = new DynamoDBClient(waitAtMost(2000));
  // Patient, because a post that was taken but not answered in time is posted again, and one that hangs holds up no other.
  const broadcastSender = createSockets(read('CALLBACK_URL'), { maxAttempts: 1, timeoutMs: 10_000 });
  const closingSender = createSockets(read('CALLBACK_URL'), { maxAttempts: 3, timeoutMs: 3000 });
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
    tell: createTell(),
  });
}
