import type { ConnectionRegistry } from '../connections/connection-registry.ts';
import type { Broadcaster } from '../delivery/broadcaster.ts';
import { encodeFrame, errorFrame, type Frame, pongFrame, type Speaker } from '../frames/frame.ts';
import type { Limit } from '../frames/rate-limit.ts';
import { refuseFrame } from '../refusal.ts';
import { kindOf } from './channel.ts';
import type { Subscriptions } from './subscriptions.ts';

export interface ClientEventParts {
  readonly registry: Pick<ConnectionRegistry, 'maySend'>;
  readonly subscriptions: Pick<Subscriptions, 'find'>;
  /** The limit of client events, per connection and per user. */
  readonly limit: Limit;
  readonly broadcast: Broadcaster;
  /** A unique id. */
  newId(): string;
}

/**
 * The limits of the HTTP API:
 * https://pusher.com/docs/channels/library_auth_reference/rest-api/#post-event-trigger-an-event
 */
const maxNameLength = 200;
const maxDataBytes = 10_240;

/** Not encrypted channels, because client events are not encrypted. pusher-js does not send them there either. */
const kinds: readonly string[] = ['private', 'presence'];

/**
 * Broadcasts a client event to the other subscribers of the channel
 * (https://pusher.com/docs/channels/using_channels/events/#triggering-client-events). The sender's user id comes from
 * the subscription.
 */
export function createClientEvent({ registry, subscriptions, limit, broadcast, newId }: ClientEventParts) {
  return async (speaker: Speaker, { event, channel, data }: Frame): Promise<Frame> => {
    if (channel === undefined || !kinds.includes(kindOf(channel)))
      return errorFrame(refuseFrame('not-a-client-channel'));
    if (event.length > maxNameLength || bytesOf(data) > maxDataBytes)
      return errorFrame(refuseFrame('big-client-event'));
    // First, so that events above the limit cost no reads.
    const excess = await limit(speaker);
    if (excess !== undefined) return errorFrame(refuseFrame(excess));
    const [subscription, maySend] = await Promise.all([
      subscriptions.find(channel, speaker),
      registry.maySend(speaker),
    ]);
    if (!maySend) return errorFrame(refuseFrame('connection-ended'));
    if (subscription === undefined) return errorFrame(refuseFrame('not-joined'));

    const user = subscription.userId === undefined ? {} : { user_id: subscription.userId };
    const content = data === undefined ? {} : { data };
    const frame = encodeFrame({ event, channel, ...content, ...user, id: newId() });
    await broadcast({ channel, frame, except: speaker.connectionId });
    return pongFrame;
  };
}

function bytesOf(data: unknown): number {
  return Buffer.byteLength(JSON.stringify(data) ?? '');
}
