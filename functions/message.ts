import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { createAdmission } from './core/admission.ts';
import { createClientEvent } from './core/client-event.ts';
import { fieldsOf } from './core/fields.ts';
import {
  type Ending,
  encodeFrame,
  errorFrame,
  type Frame,
  parseFrame,
  pongFrame,
  subscriptionErrorFrame,
} from './core/frame.ts';
import { refuseFrame } from './core/frame-refusal.ts';
import { createFloodLimit, createLimit, type FloodLimit } from './core/limit.ts';
import { isRefusal, type Refusal } from './core/refusal.ts';
import { createSignIn } from './core/sign-in.ts';
import type { SocketSender } from './core/socket-sender.ts';
import { createSocketSignatures } from './core/socket-signature.ts';
import type { Speaker } from './core/speaker.ts';
import { createJoin, createSubscribe, createUnsubscribe } from './core/subscribe.ts';
import { createTellPresent } from './core/tell-present.ts';
import { createChannels } from './edge/channels.ts';
import { systemClock } from './edge/clock.ts';
import { createSockets } from './edge/connections/sockets.ts';
import { readSpeaker } from './edge/context.ts';
import { createCounterRows } from './edge/counter-rows.ts';
import {
  read,
  readAwsSettings,
  readConnectionsApiSettings,
  readCredentialsSettings,
  readNumber,
} from './edge/environment.ts';
import type { SocketEvent } from './edge/gateway.ts';
import { createRevocationRows } from './edge/revocation-rows.ts';
import { createCredentialsSource } from './edge/secret.ts';
import { createTell, type Tell } from './edge/telemetry.ts';
import { waitAtMost } from './edge/wait-at-most.ts';

/** Does what a frame asks for, and says what it is answered. */
type Act = (speaker: Speaker, frame: Frame) => Promise<Frame | Ending>;

/** What a client may say. Whoever lives on a channel says it with an event of his own, `client-…`. */
export interface Verbs {
  readonly subscribe: Act;
  readonly unsubscribe: Act;
  readonly signIn: Act;
  readonly clientEvent: Act;
}

interface Dependencies {
  readonly verbs: Verbs;
  /** Of frames, by connection and by user. */
  readonly limit: FloodLimit;
  readonly sender: SocketSender;
  readonly tell: Tell;
}

const pong: Act = async () => pongFrame;

/**
 * Answers a frame with exactly one frame, as the return value that a two-way route sends back. It never throws, because
 * API Gateway's own error frame has no `event`, and Pusher's clients fail on that.
 */
export function createMessage({ verbs, limit, sender, tell }: Dependencies) {
  const acts: ReadonlyMap<string, Act> = new Map([
    ['pusher:ping', pong],
    ['pusher:pong', pong],
    ['pusher:subscribe', verbs.subscribe],
    ['pusher:unsubscribe', verbs.unsubscribe],
    ['pusher:signin', verbs.signIn],
  ]);

  return async (event: SocketEvent): Promise<APIGatewayProxyStructuredResultV2> => {
    return { statusCode: 200, body: encodeFrame(await answer(event)) };
  };

  async function answer(event: SocketEvent): Promise<Frame> {
    const speaker = readSpeaker(event);
    // Only a route without our authorizer could bring this about: fail closed.
    if (speaker === undefined) return errorFrame(refuseFrame('not-admitted'));
    const frame = parseFrame(event.body);
    try {
      const tooMuch = await limit(speaker);
      if (tooMuch?.isFlood) {
        const { connectionId, principalId } = speaker;
        const { reason } = tooMuch;
        tell('warn', 'closed for too many frames', { connectionId, principalId, reason }, { Flooded: 1 });
        return await close(speaker, refuseFrame(reason));
      }
      if (tooMuch !== undefined) return errorFrame(refuseFrame(tooMuch.reason));
      if (isRefusal(frame)) return errorFrame(frame);
      const act = frame.event.startsWith('client-') ? verbs.clientEvent : acts.get(frame.event);
      if (act === undefined) return errorFrame(refuseFrame('unknown-event'));
      const outcome = await act(speaker, frame);
      return 'ending' in outcome ? await close(speaker, outcome.ending) : outcome;
    } catch (error) {
      const { connectionId, principalId } = speaker;
      tell('error', 'frame failed', { connectionId, principalId, error: nameOf(error) }, { FrameFailed: 1 });
      return failureOf(frame);
    }
  }

  /** The client gets the reason before the close, which carries none. */
  async function close({ connectionId }: Speaker, refusal: Refusal): Promise<Frame> {
    await sender.post(connectionId, encodeFrame(errorFrame(refusal)));
    await sender.close(connectionId);
    return pongFrame;
  }
}

/** To a subscription in a way that its channel hears of. */
function failureOf(frame: Frame | Refusal): Frame {
  const channel = isRefusal(frame) || frame.event !== 'pusher:subscribe' ? undefined : fieldsOf(frame.data).channel;
  if (typeof channel !== 'string') return errorFrame(refuseFrame('fault'));
  return subscriptionErrorFrame(channel, refuseFrame('fault-in-subscribing'));
}

/** The name of what went wrong and no more: its message may repeat what a client has sent. */
function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'unknown';
}

const client = new DynamoDBClient(waitAtMost(2000));
// Once, because what is posted is tried again by the fan-out.
const sender = createSockets(readConnectionsApiSettings(), { maxAttempts: 1, timeoutMs: 3000 });
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
    perConnection: { limit: readNumber('CLIENT_EVENTS_PER_SECOND'), milliseconds: 1000, reason: 'many-client-events' },
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

export const handler = createMessage({
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
