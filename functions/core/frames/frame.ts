import { type Connection, socketIdOf } from '../connections/connection.ts';
import type { Member } from '../connections/member.ts';
import { fieldsIn } from '../json.ts';
import { type Refusal, refuseFrame } from '../refusal.ts';

/**
 * One frame of the Pusher Channels protocol, version 7, in either direction. Pusher defines for each event whether
 * `data` is a JSON string or a plain object
 * (https://pusher.com/docs/channels/library_auth_reference/pusher-websockets-protocol/).
 */
export interface Frame {
  readonly event: string;
  readonly channel?: string;
  readonly data?: unknown;
  /** The id of a published event, so that a client can recognize a duplicate. Pusher's clients ignore it. */
  readonly id?: string;
  /** The sender of a client event on a presence channel. */
  readonly user_id?: string;
}

/**
 * Seconds of silence after which a client should ping: API Gateway closes a socket after 600
 * (https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html),
 * and every ping costs two messages. pusher-js uses the smaller of this and its own option, which defaults to 120.
 */
const activityTimeout = 540;

/** The client gets this refusal instead of a reply, and its socket is closed. */
export interface Ending {
  readonly ending: Refusal;
}

/** Reads a frame of a client. It keeps only known fields, so no unexpected field reaches other clients. */
export function parseFrame(text: string | undefined): Frame | Refusal {
  const value = fieldsIn(text ?? '');
  if (value === undefined || typeof value['event'] !== 'string') return refuseFrame('malformed-frame');
  if (value['channel'] !== undefined && typeof value['channel'] !== 'string') return refuseFrame('malformed-frame');
  return {
    event: value['event'],
    ...(value['channel'] === undefined ? {} : { channel: value['channel'] }),
    ...(value['data'] === undefined ? {} : { data: value['data'] }),
  };
}

export function encodeFrame(frame: Frame): string {
  return JSON.stringify(frame);
}

/** The first frame of every connection. A client gets its socket id from it. */
export function welcomeFrame(connectionId: string): Frame {
  return {
    event: 'pusher:connection_established',
    data: JSON.stringify({ socket_id: socketIdOf(connectionId), activity_timeout: activityTimeout }),
  };
}

/** Also the reply to a frame that has no reply in the protocol, because each frame gets exactly one reply. */
export const pongFrame: Frame = { event: 'pusher:pong', data: {} };

export function errorFrame({ code, sentence }: Refusal): Frame {
  return { event: 'pusher:error', data: { code, message: sentence } };
}

/**
 * Why a channel was not joined. A `pusher:error` does not name the channel; this frame reaches
 * `channel.bind('pusher:subscription_error')` and Echo's `error()`. Pusher's server has no such frame. The form is the
 * one of soketi, and of pusher-js when its own authorization fails.
 */
export function subscriptionErrorFrame(channel: string, { code, sentence }: Refusal): Frame {
  const type = kinds.get(code) ?? 'LimitReached';
  return { event: 'pusher:subscription_error', channel, data: { type, error: sentence, status: code } };
}

const kinds: ReadonlyMap<number, string> = new Map([
  [400, 'BadRequest'],
  [401, 'AuthError'],
  [500, 'ServerError'],
]);

/** The event of the demo: `hello {hello: 'world'}`, as the socket.io server of the blog post sent it. */
export const helloFrame: Frame = { event: 'hello', data: '{"hello":"world"}' };

/** The sender of a frame, from the authorizer's context. Nothing here comes from the frame itself. */
export interface Speaker extends Connection {
  /**
   * Epoch milliseconds when API Gateway received the frame. Frames of one connection are handled at the same time, in
   * no order.
   */
  readonly sentAt: number;
  /** Epoch milliseconds of the authorizer's check. The authorizer knows of nothing that happened later. */
  readonly authorizedAt: number;
  /** PHP's description of the user, for presence channels. */
  readonly userInfo?: unknown;
  /** Patterns of the channels that PHP allows the user to join. */
  readonly channels: readonly string[];
}

/** The user that PHP has named; undefined when it named nobody. */
export function userOf({ principalId, userInfo }: Speaker): Member | undefined {
  const [kind, ...id] = principalId.split(':');
  return kind === 'user' ? { userId: id.join(':'), userInfo } : undefined;
}
