import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createDisconnect } from '../disconnect.ts';
import { systemClock } from '../edge/clock.ts';
import { read } from '../edge/environment.ts';
import { createSockets } from '../edge/sockets.ts';
import { createTell } from '../edge/telemetry.ts';
import { waitAtMost } from '../edge/wait-at-most.ts';
import { createChannels } from './channels.ts';

export function wire() {
  const sender = createSockets(read('CALLBACK_URL'), { maxAttempts: 1, timeoutMs: 3000 });

  return createDisconnect({
    ...createChannels(new DynamoDBClient(waitAtMost(2000)), sender, systemClock),
    tell: createTell(),
  });
}
