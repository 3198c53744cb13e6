import { createDisconnect } from '../disconnect.ts';
import { createDynamoDbClient } from '../edge/aws-clients.ts';
import { systemClock } from '../edge/clock.ts';
import { createSockets } from '../edge/connections/sockets.ts';
import { readConnectionsApiSettings } from '../edge/environment.ts';
import { createTell } from '../edge/telemetry.ts';
import { createChannels } from './channels.ts';

export function wire() {
  const sender = createSockets(readConnectionsApiSettings(), { maxAttempts: 1, timeoutMs: 3000 });

  return createDisconnect({
    ...createChannels(createDynamoDbClient(), sender, systemClock),
    tell: createTell(),
  });
}
