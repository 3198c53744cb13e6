import { randomUUID } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createAdmission } from '../core/channels/admission.ts';
import { createClientEvent } from '../core/channels/client-event.ts';
import { createRemoveFromChannel } from '../core/channels/leave.ts';
import { createSendMembers } from '../core/channels/presence.ts';
import { createSignIn } from '../core/channels/sign-in.ts';
import { createJoin, createSubscribe, createUnsubscribe } from '../core/channels/subscribe.ts';
import { createFloodLimit, createLimit, type LimitSettings } from '../core/frames/rate-limit.ts';
import { createSocketSignatures } from '../core/keys/socket-signature.ts';
import { createDynamoDbClient } from '../edge/aws-clients.ts';
import { systemClock } from '../edge/clock.ts';
import { createSockets } from '../edge/connections/sockets.ts';
import { createCredentialsSource } from '../edge/credentials-source.ts';
import { createCounterRows } from '../edge/dynamodb/claim-rows.ts';
import { createRevocationRows } from '../edge/dynamodb/revocation-rows.ts';
import {
  read,
  readAwsSettings,
  readConnectionsApiSettings,
  readCredentialsSettings,
  readNumber,
} from '../edge/environment.ts';
import { createLog } from '../edge/telemetry.ts';
import { createMessage } from '../message.ts';
import { wireChannels } from './channels.ts';

const minute = 60_000;

export function wire() {
  const client = createDynamoDbClient();
  // One attempt, because the fan-out retries.
  const sender = createSockets(readConnectionsApiSettings(), { maxAttempts: 1, timeoutMs: 3000 });
  const { registry, subscriptions, members, broadcast, announce, leaveChannel } = wireChannels(client, sender);
  const credentials = createCredentialsSource(readCredentialsSettings(), readAwsSettings(), systemClock);
  const isSigned = createSocketSignatures(credentials);
  const limits = wireLimits(client);
  const removeFromChannel = createRemoveFromChannel({ registry, subscriptions, leaveChannel });
  const join = createJoin({
    registry,
    subscriptions,
    members,
    revocations: createRevocationRows(read('REVOCATIONS_TABLE'), client, systemClock),
    leaveChannel,
    removeFromChannel,
    announce,
    sendMembers: createSendMembers(members, sender),
    maxChannels: readNumber('CHANNELS_PER_CONNECTION'),
  });

  return createMessage({
    verbs: {
      subscribe: createSubscribe(createAdmission(isSigned, registry), limits.joins, join),
      unsubscribe: createUnsubscribe(removeFromChannel),
      signIn: createSignIn(isSigned, registry, join),
      clientEvent: createClientEvent({
        registry,
        subscriptions,
        limit: limits.clientEvents,
        broadcast,
        newId: () => randomUUID(),
      }),
    },
    limit: limits.frames,
    sender,
    log: createLog(),
  });
}

function wireLimits(client: DynamoDBClient) {
  const counters = createCounterRows(read('CLAIMS_TABLE'), client);
  const frames: LimitSettings = {
    name: 'frames',
    perConnection: { limit: readNumber('FRAMES_PER_MINUTE'), milliseconds: minute, reason: 'many-frames' },
    perUser: { limit: readNumber('FRAMES_PER_MINUTE_PER_USER'), milliseconds: minute, reason: 'many-frames-of-user' },
  };
  const clientEvents: LimitSettings = {
    name: 'client-events',
    perConnection: { limit: readNumber('CLIENT_EVENTS_PER_SECOND'), milliseconds: 1000, reason: 'many-client-events' },
    perUser: {
      limit: readNumber('CLIENT_EVENTS_PER_MINUTE_PER_USER'),
      milliseconds: minute,
      reason: 'many-client-events-of-user',
    },
    isExact: true,
  };
  const joins: LimitSettings = {
    name: 'joins',
    perConnection: { limit: readNumber('PRESENCE_JOINS_PER_MINUTE'), milliseconds: minute, reason: 'many-joins' },
    perUser: {
      limit: readNumber('PRESENCE_JOINS_PER_MINUTE_PER_USER'),
      milliseconds: minute,
      reason: 'many-joins-of-user',
    },
  };
  return {
    frames: createFloodLimit(frames, counters),
    clientEvents: createLimit(clientEvents, counters),
    joins: createLimit(joins, counters),
  };
}
