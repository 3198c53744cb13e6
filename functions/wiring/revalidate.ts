import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createAdopt } from '../core/sessions/adopt.ts';
import { createCloseConnections } from '../core/sessions/close-connections.ts';
import type { LiveSessions } from '../core/sessions/live-sessions.ts';
import { createPoll } from '../core/sessions/poll.ts';
import { createRecheck } from '../core/sessions/recheck.ts';
import { createRevalidateSessions } from '../core/sessions/revalidate.ts';
import { createCloseAtTheEnd } from '../core/sessions/session-ends.ts';
import { createDynamoDbClient } from '../edge/aws-clients.ts';
import { systemClock } from '../edge/clock.ts';
import { createSockets } from '../edge/connections/sockets.ts';
import { createCredentialsSource } from '../edge/credentials-source.ts';
import { createClaimRows } from '../edge/dynamodb/claim-rows.ts';
import { createGuardRows } from '../edge/dynamodb/guard-rows.ts';
import { createLiveSessionRows } from '../edge/dynamodb/live-session-rows.ts';
import { createRevocationRows } from '../edge/dynamodb/revocation-rows.ts';
import {
  read,
  readAwsSettings,
  readConnectionsApiSettings,
  readConnectionTables,
  readCredentialsSettings,
  readNumber,
  readRevalidateSeconds,
  readSessionEndpointSettings,
} from '../edge/environment.ts';
import { createSessionLookup } from '../edge/php.ts';
import { createLog, type Log } from '../edge/telemetry.ts';
import { createRevalidate, type Polling } from '../revalidate.ts';
import { wireChannels } from './channels.ts';

export function wire() {
  const client = createDynamoDbClient();
  const log = createLog();
  const connectionsApi = readConnectionsApiSettings();
  const broadcastSender = createSockets(connectionsApi, { maxAttempts: 1, timeoutMs: 3000 });
  const closingSender = createSockets(connectionsApi, { maxAttempts: 2, timeoutMs: 3000 });
  const { registry, subscriptions, leaveChannel, leave } = wireChannels(client, broadcastSender);
  const live = createLiveSessionRows(readConnectionTables(), client, systemClock);
  const closeConnections = createCloseConnections({
    registry,
    sender: closingSender,
    leaveChannel,
    leave,
    clock: systemClock,
  });
  const adopt = createAdopt({
    registry,
    subscriptions,
    revocations: createRevocationRows(read('REVOCATIONS_TABLE'), client, systemClock),
    clock: systemClock,
  });
  return createRevalidate({
    claims: createClaimRows(read('CLAIMS_TABLE'), client, systemClock),
    revalidateSessions: createRevalidateSessions({ live, adopt, closeConnections, clock: systemClock }),
    closeAtTheEnd: createCloseAtTheEnd({ live, closeConnections, clock: systemClock }),
    polling: wirePolling(client, live, log),
    clock: systemClock,
    log,
  });
}

function wirePolling(client: DynamoDBClient, live: LiveSessions, log: Log): Polling | undefined {
  const interval = readRevalidateSeconds();
  if (interval === undefined) return undefined;
  const settings = readSessionEndpointSettings();
  const credentials = createCredentialsSource(readCredentialsSettings(), readAwsSettings(), systemClock);
  const recheck = createRecheck({
    live,
    sessions: createSessionLookup(settings, credentials, systemClock, log),
    credentials,
    interval,
    atOnce: readNumber('CHECKS_AT_ONCE'),
    clock: systemClock,
  });
  const guard = createGuardRows(read('CLAIMS_TABLE'), client, systemClock);
  const poll = createPoll({ recheck, guard, interval, clock: systemClock, random: Math.random });
  return { poll, guard, interval, timeoutMs: settings.timeoutMs };
}
