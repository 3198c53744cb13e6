import { socketIdOf } from '../connections/connection.ts';
import { fieldsIn } from '../json.ts';
import { type Refusal, refuseFrame } from '../refusal.ts';

/**
 * One frame of the Pusher Channels protocol, version 7, in either direction. Which `data` is a string of JSON and which a
 * plain object is Pusher's choice, event by event
 * (https://pusher.com/docs/channels/library_auth_reference/pusher-websockets-protocol/).
 */
export interface Frame {
  readonly event: string;
  readonly channel?: string;
  readonly data?: unknown;
  /** Of a published event, so that a client can tell what came twice; Pusher's clients leave it alone. */
  readonly id?: string;
  /** Of a client event on a presence channel: who says it. */
  readonly user_id?: string;
}

/**
 * Seconds of silence after which a client should ping: API Gateway closes a socket after 600
 * (https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html), and
 * every ping costs two messages. pusher-js takes the smaller of this and its own option, which is 120 unless told otherwise.
 */
const activityTimeout = 540;

/** Instead of a reply: the client gets this refusal, and its socket is closed. */
export interface Ending {
  readonly ending: Refusal;
}

/** Reads what a client sent. Only known fields are kept, so nothing unexpected travels further. */
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

/** The first frame of every connection; a client may send nothing that counts before it. */
export function welcomeFrame(connectionId: string): Frame {
  return {
    event: 'pusher:connection_established',
    data: JSON.stringify({ socket_id: socketIdOf(connectionId), activity_timeout: activityTimeout }),
  };
}

/** Also the answer to every frame that has no answer of its own in the protocol: each frame gets exactly one reply. */
export const pongFrame: Frame = { event: 'pusher:pong', data: {} };

export function errorFrame({ code, sentence }: Refusal): Frame {
  return { event: 'pusher:error', data: { code, message: sentence } };
}

/**
 * Why a channel was not joined. Not a `pusher:error`, which does not name the channel: this one reaches
 * `channel.bind('pusher:subscription_error')` and Echo's `error()`. Pusher has no such frame from the server; its form is that of
 * soketi, and of pusher-js where its own authorization fails.
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

/** The event of the demo: `hello {hello: 'world'}`, as the socket.io server that this replaces sent it. */
export const helloFrame: Frame = { event: 'hello', data: '{"hello":"world"}' };
