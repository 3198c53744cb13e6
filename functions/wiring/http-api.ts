import { randomBytes } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ivLength } from '../core/keys/aes-gcm.ts';
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

  const sender = createSockets(read('CALLBACK_URL'), { maxAttempts: 2, timeoutMs: 3000 });

  return createHttpApi({
    credentials: createCredentialsSource(readCredentialsSettings(), readAwsSettings(), systemClock),
    ...createChannels(client, createSockets(read('CALLBACK_URL'), { maxAttempts: 1, timeoutMs: 3000 }), systemClock),
    idempotency: createIdempotencyRows(read('CLAIMS_TABLE'), client, systemClock),
    live: createLiveSessionRows(readConnectionTables(), client, systemClock),
    claims: createClaimRows(read('CLAIMS_TABLE'), client, systemClock),
    revalidateSeconds: readRevalidateSeconds(),
    newIv: () => randomBytes(ivLength),
    revocations: createRevocationRows(read('REVOCATIONS_TABLE'), client, systemClock),
    sender,
    clock: systemClock,
    tell: createTell(),
  });
}
