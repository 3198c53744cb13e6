import { randomBytes } from 'node:crypto';
import { ivLength } from '../core/keys/aes-gcm.ts';
import { createCloseConnections } from '../core/sessions/close-connections.ts';
import { createRebind } from '../core/sessions/rebind.ts';
import { createRevoke } from '../core/sessions/revoke.ts';
import { createDynamoDbClient } from '../edge/aws-clients.ts';
import { systemClock } from '../edge/clock.ts';
import { createSockets } from '../edge/connections/sockets.ts';
import { createCredentialsSource } from '../edge/credentials-source.ts';
import { createClaimRows, createIdempotencyRows } from '../edge/dynamodb/claim-rows.ts';
import { createLiveSessionRows } from '../edge/dynamodb/live-session-rows.ts';
import { createRevocationRows } from '../edge/dynamodb/revocation-rows.ts';
import {
  read,
  readAwsSettings,
  readConnectionsApiSettings,
  readConnectionTables,
  readCredentialsSettings,
  readRevalidateSeconds,
} from '../edge/environment.ts';
import { createLog } from '../edge/telemetry.ts';
import { createHttpApi } from '../http-api.ts';
import { wireChannels } from './channels.ts';

export function wire() {
  const client = createDynamoDbClient();
  const connectionsApi = readConnectionsApiSettings();
  const broadcastSender = createSockets(connectionsApi, { maxAttempts: 1, timeoutMs: 3000 });
  const closingSender = createSockets(connectionsApi, { maxAttempts: 2, timeoutMs: 3000 });
  const { registry, subscriptions, members, broadcast, leaveChannel, leave } = wireChannels(client, broadcastSender);
  const credentials = createCredentialsSource(readCredentialsSettings(), readAwsSettings(), systemClock);
  const revocations = createRevocationRows(read('REVOCATIONS_TABLE'), client, systemClock);
  const closeConnections = createCloseConnections({
    registry,
    sender: closingSender,
    leaveChannel,
    leave,
    clock: systemClock,
  });
  return createHttpApi({
    credentials,
    subscriptions,
    members,
    broadcast,
    idempotency: createIdempotencyRows(read('CLAIMS_TABLE'), client, systemClock),
    revoke: createRevoke({ registry, revocations, closeConnections, clock: systemClock }),
    rebindSession: createRebind({
      registry,
      live: createLiveSessionRows(readConnectionTables(), client, systemClock),
      revocations,
      claims: createClaimRows(read('CLAIMS_TABLE'), client, systemClock),
      credentials,
      closeConnections,
      revalidateSeconds: readRevalidateSeconds(),
      newIv: () => randomBytes(ivLength),
      clock: systemClock,
    }),
    clock: systemClock,
    log: createLog(),
  });
}
