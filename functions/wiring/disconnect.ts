import { createDisconnect } from '../disconnect.ts';
import { createDynamoDbClient } from '../edge/aws-clients.ts';
import { createSockets } from '../edge/connections/sockets.ts';
import { readConnectionsApiSettings } from '../edge/environment.ts';
import { createLog } from '../edge/telemetry.ts';
import { wireChannels } from './channels.ts';

export function wire() {
  const client = createDynamoDbClient();
  const broadcastSender = createSockets(readConnectionsApiSettings(), { maxAttempts: 1, timeoutMs: 3000 });
  const { leave } = wireChannels(client, broadcastSender);
  return createDisconnect({ leave, log: createLog() });
}
