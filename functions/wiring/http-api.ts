import { randomBytes } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ivLength } from '../core/keys/aes-gcm.ts';
import { rebind } from '../core/sessions/rebind.ts';
import { revoke } from '../core/sessions/revoke.ts';
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
import { createChannels } from './channels.ts';

export function wire() {
  const client = new DynamoDBClient(waitAtMost(2000));
  const credentials = createCredentialsSource(readCredentialsSettings(), readAwsSettings(), systemClock);
  const revocations = createRevocationRows(read('REVOCATIONS_TABLE'), client, systemClock);
  const broadcastSender = createSockets(read('CALLBACK_URL'), { maxAttempts: 1, timeoutMs: 3000 });
  const closingSender = createSockets(read('CALLBACK_URL'), { maxAttempts: 2, timeoutMs: 3000 });
  const { registry, subscriptions, members, publish, part, leave } = createChannels(
    client,
    broadcastSender,
    systemClock,
  );
  const closing = {
    registry,
    sender: closingSender,
    part,
    leave,
    clock: systemClock,
    revocations,
    live: createLiveSessionRows(readConnectionTables(), client, systemClock),
    claims: createClaimRows(read('CLAIMS_TABLE'), client, systemClock),
    credentials,
    revalidateSeconds: readRevalidateSeconds(),
    newIv: () => randomBytes(ivLength),
  };

  return createHttpApi({
    credentials,
    broadcast: publish,
    idempotency: createIdempotencyRows(read('CLAIMS_TABLE'), client, systemClock),
    subscriptions,
    members,
    revoke: (revocation, deadline) => revoke(revocation, closing, deadline),
    rebindSession: (rebinding, deadline) => rebind(rebinding, closing, deadline),
    clock: systemClock,
    tell: createTell(),
  });
}
