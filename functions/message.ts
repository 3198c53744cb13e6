import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { SocketSender } from './core/delivery/socket-sender.ts';
import {
  type Ending,
  encodeFrame,
  errorFrame,
  type Frame,
  parseFrame,
  pongFrame,
  subscriptionErrorFrame,
} from './core/frames/frame.ts';
import type { FloodLimit } from './core/frames/rate-limit.ts';
import type { Speaker } from './core/frames/speaker.ts';
import { fieldsOf } from './core/json.ts';
import { isRefusal, type Refusal, refuseFrame } from './core/refusal.ts';
import { readSpeaker, type SocketEvent } from './edge/socket-event.ts';
import type { Log } from './edge/telemetry.ts';

/** Does what a frame asks for, and says what it is answered. */
type Act = (speaker: Speaker, frame: Frame) => Promise<Frame | Ending>;

/** What a client may say. Whoever lives on a channel says it with an event of his own, `client-…`. */
export interface Verbs {
  readonly subscribe: Act;
  readonly unsubscribe: Act;
  readonly signIn: Act;
  readonly clientEvent: Act;
}

interface MessageParts {
  readonly verbs: Verbs;
  /** Of frames, by connection and by user. */
  readonly limit: FloodLimit;
  readonly sender: SocketSender;
  readonly log: Log;
}

const pong: Act = async () => pongFrame;

/**
 * Answers a frame with exactly one frame, as the return value that a two-way route sends back. It never throws, because
 * API Gateway's own error frame has no `event`, and Pusher's clients fail on that.
 */
export function createMessage({ verbs, limit, sender, log }: MessageParts) {
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
        log('warn', 'closed for too many frames', { connectionId, principalId, reason }, { Flooded: 1 });
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
      log('error', 'frame failed', { connectionId, principalId, error: nameOf(error) }, { FrameFailed: 1 });
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
  const channel = isRefusal(frame) || frame.event !== 'pusher:subscribe' ? undefined : fieldsOf(frame.data)['channel'];
  if (typeof channel !== 'string') return errorFrame(refuseFrame('fault'));
  return subscriptionErrorFrame(channel, refuseFrame('fault-in-subscribing'));
}

/** The name of what went wrong and no more: its message may repeat what a client has sent. */
function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'unknown';
}
