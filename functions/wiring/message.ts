import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createAdmission } from '../core/channels/admission.ts';
import { createClientEvent } from '../core/channels/client-event.ts';
import { createSignIn } from '../core/channels/sign-in.ts';
import { createJoin, createSubscribe, createUnsubscribe } from '../core/channels/subscribe.ts';
import { createTellPresent } from '../core/channels/tell-present.ts';
import { createFloodLimit, createLimit } from '../core/frames/rate-limit.ts';
import { createSocketSignatures } from '../core/keys/socket-signature.ts';
import { systemClock } from '../edge/clock.ts';
import { createCounterRows } from '../edge/counter-rows.ts';
import { read, readAwsSettings, readCredentialsSettings, readNumber } from '../edge/environment.ts';
import { createRevocationRows } from '../edge/revocation-rows.ts';
import { createCredentialsSource } from '../edge/secret.ts';
import { createSockets } from '../edge/sockets.ts';
import { createTell } from '../edge/telemetry.ts';
import { waitAtMost } from '../edge/wait-at-most.ts';
import { createMessage } from '../message.ts';
import { createChannels } from './channels.ts';

export function wire() {
  const client = new DynamoDBClient(waitAtMost(2000));
  // Once, because what is posted is tried again by the fan-out.
  const sender = createSockets(read('CALLBACK_URL'), { maxAttempts: 1, timeoutMs: 3000 });
  const channels = createChannels(client, sender, systemClock);
  const counters = createCounterRows(read('CLAIMS_TABLE'), client);
  const isSigned = createSocketSignatures(
    createCredentialsSource(readCredentialsSettings(), readAwsSettings(), systemClock),
  );
  const minute = 60_000;
  const frames = createFloodLimit(
    {
      name: 'frames',
      perConnection: { limit: readNumber('FRAMES_PER_MINUTE'), milliseconds: minute, reason: 'many-frames' },
      perUser: { limit: readNumber('FRAMES_PER_MINUTE_PER_USER'), milliseconds: minute, reason: 'many-frames-of-user' },
    },
    counters,
  );
  const clientEvents = createLimit(
    {
      name: 'client-events',
      perConnection: {
        limit: readNumber('CLIENT_EVENTS_PER_SECOND'),
        milliseconds: 1000,
        reason: 'many-client-events',
      },
      perUser: {
        limit: readNumber('CLIENT_EVENTS_PER_MINUTE_PER_USER'),
        milliseconds: minute,
        reason: 'many-client-events-of-user',
      },
      isExact: true,
    },
    counters,
  );
  const joins = createLimit(
    {
      name: 'joins',
      perConnection: { limit: readNumber('PRESENCE_JOINS_PER_MINUTE'), milliseconds: minute, reason: 'many-joins' },
      perUser: {
        limit: readNumber('PRESENCE_JOINS_PER_MINUTE_PER_USER'),
        milliseconds: minute,
        reason: 'many-joins-of-user',
      },
    },
    counters,
  );
  const join = createJoin({
    ...channels,
    revocations: createRevocationRows(read('REVOCATIONS_TABLE'), client, systemClock),
    tellPresent: createTellPresent(channels.members, sender),
    maxChannels: readNumber('CHANNELS_PER_CONNECTION'),
  });

  return createMessage({
    verbs: {
      subscribe: createSubscribe(createAdmission(isSigned, channels.registry), joins, join),
      unsubscribe: createUnsubscribe(channels),
      signIn: createSignIn(isSigned, channels.registry, join),
      clientEvent: createClientEvent({ ...channels, limit: clientEvents }),
    },
    limit: frames,
    sender,
    tell: createTell(),
  });
}
