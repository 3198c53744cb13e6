import type { ConnectionRegistry } from '../connections/connection-registry.ts';
import type { Broadcaster } from '../delivery/broadcaster.ts';
import { encodeFrame, errorFrame, type Frame, pongFrame } from '../frames/frame.ts';
import type { Limit } from '../frames/rate-limit.ts';
import type { Speaker } from '../frames/speaker.ts';
import { refuseFrame } from '../refusal.ts';
import { kindOf } from './channel.ts';
import type { Subscriptions } from './subscriptions.ts';

export interface ClientEventParts {
  readonly registry: Pick<ConnectionRegistry, 'maySend'>;
  readonly subscriptions: Pick<Subscriptions, 'find'>;
  /** Of client events, by connection and by user. */
  readonly limit: Limit;
  readonly broadcast: Broadcaster;
  /** A name that no other event has. */
  newId(): string;
}

/** As for what PHP publishes: https://pusher.com/docs/channels/library_auth_reference/rest-api/#post-event-trigger-an-event */
const maxNameLength = 200;
const maxDataBytes = 10_240;

/** Encrypted ones are left out, because what a client sends there is not encrypted; pusher-js does not send it either. */
const kinds: readonly string[] = ['private', 'presence'];

/**
 * Hands on what one client says to the others of its channel, never to itself
 * (https://pusher.com/docs/channels/using_channels/events/#triggering-client-events). Who says it is what the subscription knows.
 */
export function createClientEvent({ registry, subscriptions, limit, broadcast, newId }: ClientEventParts) {
  return async (speaker: Speaker, { event, channel, data }: Frame): Promise<Frame> => {
    if (channel === undefined || !kinds.includes(kindOf(channel)))
      return errorFrame(refuseFrame('not-a-client-channel'));
    if (event.length > maxNameLength || bytesOf(data) > maxDataBytes)
      return errorFrame(refuseFrame('big-client-event'));
    // Before anything is read: what is too much must cost no more than to say so.
    const tooMuch = await limit(speaker);
    if (tooMuch !== undefined) return errorFrame(refuseFrame(tooMuch));
    const [subscription, maySend] = await Promise.all([
      subscriptions.find(channel, speaker),
      registry.maySend(speaker),
    ]);
    if (!maySend) return errorFrame(refuseFrame('connection-ended'));
    if (subscription === undefined) return errorFrame(refuseFrame('not-joined'));

    const user = subscription.userId === undefined ? {} : { user_id: subscription.userId };
    const said = data === undefined ? {} : { data };
    const frame = encodeFrame({ event, channel, ...said, ...user, id: newId() });
    await broadcast({ channel, frame, except: speaker.connectionId });
    return pongFrame;
  };
}

function bytesOf(data: unknown): number {
  return Buffer.byteLength(JSON.stringify(data) ?? '');
}
