import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Asking } from '../core/sessions/poll.ts';
import { createClaimRows } from '../edge/claim-rows.ts';
import { systemClock } from '../edge/clock.ts';
import {
  read,
  readAwsSettings,
  readConnectionTables,
  readCredentialsSettings,
  readNumber,
  readRevalidateSeconds,
  readSessionEndpointSettings,
} from '../edge/environment.ts';
import { createGuardRows } from '../edge/guard-rows.ts';
import { createLiveSessionRows } from '../edge/live-session-rows.ts';
import { createSessionLookup } from '../edge/php.ts';
import { createRevocationRows } from '../edge/revocation-rows.ts';
import { createCredentialsSource } from '../edge/secret.ts';
import { createSockets } from '../edge/sockets.ts';
import { createTell } from '../edge/telemetry.ts';
import { waitAtMost } from '../edge/wait-at-most.ts';
import { createRevalidate } from '../revalidate.ts';
import { createChannels } from './channels.ts';

export function wire() {
  const client = new DynamoDBClient(waitAtMost(2000));
  const tell = createTell();
  const sender = createSockets(read('CALLBACK_URL'), { maxAttempts: 2, timeoutMs: 3000 });

  /** Undefined where PHP is asked in the handshake only. */
  function createAsking(): Asking | undefined {
    const interval = readRevalidateSeconds();
    if (interval === undefined) return undefined;
    const settings = readSessionEndpointSettings();
    const credentials = createCredentialsSource(readCredentialsSettings(), readAwsSettings(), systemClock);
    const sessions = createSessionLookup(settings, credentials, systemClock, tell);
    const atOnce = readNumber('CHECKS_AT_ONCE');
    const guard = createGuardRows(read('CLAIMS_TABLE'), client, systemClock);
    return { sessions, credentials, interval, atOnce, timeoutMs: settings.timeoutMs, guard };
  }

  return createRevalidate({
    ...createChannels(client, createSockets(read('CALLBACK_URL'), { maxAttempts: 1, timeoutMs: 3000 }), systemClock),
    revocations: createRevocationRows(read('REVOCATIONS_TABLE'), client, systemClock),
    live: createLiveSessionRows(readConnectionTables(), client, systemClock),
    claims: createClaimRows(read('CLAIMS_TABLE'), client, systemClock),
    sender,
    asking: createAsking(),
    clock: systemClock,
    random: Math.random,
    tell,
  });
}
