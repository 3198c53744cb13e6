import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { SocketSender } from './core/delivery/socket-sender.ts';
import {
  type Ending,
  encodeFrame,
  errorFrame,
  type Frame,
  parseFrame,
  pongFrame,
  type Speaker,
  subscriptionErrorFrame,
} from './core/frames/frame.ts';
import type { FloodLimit } from './core/frames/rate-limit.ts';
import { fieldsOf } from './core/json.ts';
import { isRefusal, type Refusal, refuseFrame } from './core/refusal.ts';
import { readSpeaker, type SocketEvent } from './edge/socket-event.ts';
import type { Log } from './edge/telemetry.ts';

/** Handles a frame, and returns the answer. */
type FrameHandler = (speaker: Speaker, frame: Frame) => Promise<Frame | Ending>;

/** The frames of clients beside ping and pong. A client event is `client-…`. */
export interface Verbs {
  readonly subscribe: FrameHandler;
  readonly unsubscribe: FrameHandler;
  readonly signIn: FrameHandler;
  readonly clientEvent: FrameHandler;
}

interface MessageParts {
  readonly verbs: Verbs;
  /** Limits frames, by connection and by user. */
  readonly limit: FloodLimit;
  readonly sender: SocketSender;
  readonly log: Log;
}

const pong: FrameHandler = async () => pongFrame;

/**
 * Answers a frame with exactly one frame: a two-way route sends the return value back. It never throws, because API
 * Gateway's own error frame has no `event`, and Pusher's clients fail on that.
 */
export function createMessage({ verbs, limit, sender, log }: MessageParts) {
  const handlers: ReadonlyMap<string, FrameHandler> = new Map([
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
    // Only a route without our authorizer could cause this: fail closed.
    if (speaker === undefined) return errorFrame(refuseFrame('not-admitted'));
    const frame = parseFrame(event.body);
    try {
      const excess = await limit(speaker);
      if (excess?.isFlood) {
        const { connectionId, principalId } = speaker;
        const { reason } = excess;
        log('warn', 'closed for too many frames', { connectionId, principalId, reason }, { Flooded: 1 });
        return await close(speaker, refuseFrame(reason));
      }
      if (excess !== undefined) return errorFrame(refuseFrame(excess.reason));
      if (isRefusal(frame)) return errorFrame(frame);
      const handle = frame.event.startsWith('client-') ? verbs.clientEvent : handlers.get(frame.event);
      if (handle === undefined) return errorFrame(refuseFrame('unknown-event'));
      const outcome = await handle(speaker, frame);
      return 'ending' in outcome ? await close(speaker, outcome.ending) : outcome;
    } catch (error) {
      const { connectionId, principalId } = speaker;
      log('error', 'frame failed', { connectionId, principalId, error: nameOf(error) }, { FrameFailed: 1 });
      return failureOf(frame);
    }
  }

  /** Sends the reason before the close, because API Gateway's close has none. */
  async function close({ connectionId }: Speaker, refusal: Refusal): Promise<Frame> {
    await sender.post(connectionId, encodeFrame(errorFrame(refusal)));
    await sender.close(connectionId);
    return pongFrame;
  }
}

/** The answer to a frame that failed; a failed subscription gets one that names its channel. */
function failureOf(frame: Frame | Refusal): Frame {
  const channel = isRefusal(frame) || frame.event !== 'pusher:subscribe' ? undefined : fieldsOf(frame.data)['channel'];
  if (typeof channel !== 'string') return errorFrame(refuseFrame('fault'));
  return subscriptionErrorFrame(channel, refuseFrame('fault-in-subscribing'));
}

/** The error's name without its message, which may contain data that a client sent. */
function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'unknown';
}
