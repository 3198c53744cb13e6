import { createDeliver } from '../deliver.ts';
import { createDynamoDbClient } from '../edge/aws-clients.ts';
import { createClaimRows } from '../edge/claim-rows.ts';
import { systemClock } from '../edge/clock.ts';
import { createSockets } from '../edge/connections/sockets.ts';
import { read, readConnectionsApiSettings } from '../edge/environment.ts';
import { createTell } from '../edge/telemetry.ts';
import { createChannels } from './channels.ts';

export function wire() {
  const client = createDynamoDbClient();
  // Patient, because a post that was taken but not answered in time is posted again, and one that hangs holds up no other.
  const sendOnce = createSockets(readConnectionsApiSettings(), { maxAttempts: 1, timeoutMs: 10_000 });
  const channels = createChannels(client, sendOnce, systemClock);

  return createDeliver({
    ...channels,
    worker: { ...channels, claims: createClaimRows(read('CLAIMS_TABLE'), client, systemClock) },
    sender: createSockets(readConnectionsApiSettings(), { maxAttempts: 3, timeoutMs: 3000 }),
    tell: createTell(),
  });
}
