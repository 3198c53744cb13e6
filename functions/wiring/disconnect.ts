import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createDisconnect } from '../disconnect.ts';
import { read } from '../edge/environment.ts';
import { createSockets } from '../edge/sockets.ts';
import { createTell } from '../edge/telemetry.ts';
import { waitAtMost } from '../edge/wait-at-most.ts';
import { wireChannels } from './channels.ts';

export function wire() {
  const client = new DynamoDBClient(waitAtMost(2000));
  const broadcastSender = createSockets(read('CALLBACK_URL'), { maxAttempts: 1, timeoutMs: 3000 });
  const { leave } = wireChannels(client, broadcastSender);
  return createDisconnect({ leave, tell: createTell() });
}
