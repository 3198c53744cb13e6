import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createDeliver } from '../deliver.ts';
import { createClaimRows } from '../edge/claim-rows.ts';
import { systemClock } from '../edge/clock.ts';
import { read } from '../edge/environment.ts';
import { createSockets } from '../edge/sockets.ts';
import { createTell } from '../edge/telemetry.ts';
import { waitAtMost } from '../edge/wait-at-most.ts';
import { createChannels } from './channels.ts';

export function wire() {
  const client = new DynamoDBClient(waitAtMost(2000));
  // Patient, because a post that was taken but not answered in time is posted again, and one that hangs holds up no other.
  const sendOnce = createSockets(read('CALLBACK_URL'), { maxAttempts: 1, timeoutMs: 10_000 });
  const channels = createChannels(client, sendOnce, systemClock);

  return createDeliver({
    ...channels,
    worker: { ...channels, claims: createClaimRows(read('CLAIMS_TABLE'), client, systemClock) },
    sender: createSockets(read('CALLBACK_URL'), { maxAttempts: 3, timeoutMs: 3000 }),
    tell: createTell(),
  });
}
