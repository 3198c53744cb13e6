import { randomBytes } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ivLength } from '../core/keys/aes-gcm.ts';
import { createCloseConnections } from '../core/sessions/close-connections.ts';
import { createRebind } from '../core/sessions/rebind.ts';
import { createRevoke } from '../core/sessions/revoke.ts';
import { createClaimRows } from '../edge/claim-rows.ts';
import { systemClock } from '../edge/clock.ts';
import {
  read,
  readAwsSettings,
  readConnectionTables,
  readCredentialsSettings,
  readRevalidateSeconds,
} from '../edge/environment.ts';
import { createIdempotencyRows } from '../edge/idempotency-rows.ts';
import { createLiveSessionRows } from '../edge/live-session-rows.ts';
import { createRevocationRows } from '../edge/revocation-rows.ts';
import { createCredentialsSource } from '../edge/secret.ts';
import { createSockets } from '../edge/sockets.ts';
import { createTell } from '../edge/telemetry.ts';
import { waitAtMost } from '../edge/wait-at-most.ts';
import { createHttpApi } from '../http-api.ts';
import { wireChannels } from './channels.ts';

export function wire() {
  const client = new DynamoDBClient(waitAtMost(2000));
  const broadcastSender = createSockets(read('CALLBACK_URL'), { maxAttempts: 1, timeoutMs: 3000 });
  const closingSender = createSockets(read('CALLBACK_URL'), { maxAttempts: 2, timeoutMs: 3000 });
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
    rebind: createRebind({
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
    tell: createTell(),
  });
}
