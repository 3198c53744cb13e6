import { randomBytes } from 'node:crypto';
import { ivLength } from '../core/keys/aes-gcm.ts';
import { createDynamoDbClient } from '../edge/aws-clients.ts';
import { createClaimRows } from '../edge/claim-rows.ts';
import { systemClock } from '../edge/clock.ts';
import { createSockets } from '../edge/connections/sockets.ts';
import { createCredentialsSource } from '../edge/credentials-source.ts';
import {
  read,
  readAwsSettings,
  readConnectionsApiSettings,
  readConnectionTables,
  readCredentialsSettings,
  readRevalidateSeconds,
} from '../edge/environment.ts';
import { createIdempotencyRows } from '../edge/idempotency-rows.ts';
import { createLiveSessionRows } from '../edge/live-session-rows.ts';
import { createRevocationRows } from '../edge/revocation-rows.ts';
import { createTell } from '../edge/telemetry.ts';
import { createHttpApi } from '../http-api.ts';
import { createChannels } from './channels.ts';

export function wire() {
  const client = createDynamoDbClient();

  const sender = createSockets(readConnectionsApiSettings(), { maxAttempts: 2, timeoutMs: 3000 });

  return createHttpApi({
    credentials: createCredentialsSource(readCredentialsSettings(), readAwsSettings(), systemClock),
    ...createChannels(
      client,
      createSockets(readConnectionsApiSettings(), { maxAttempts: 1, timeoutMs: 3000 }),
      systemClock,
    ),
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
