import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { encodeFrame, errorFrame, type Frame, parseFrame, pongFrame } from './core/frame.ts';
import { isRefusal, refuse } from './core/refusal.ts';
import type { SocketEvent } from './edge/gateway.ts';

/** What a client may say, and what it is answered. */
const verbs: ReadonlyMap<string, (frame: Frame) => Frame> = new Map([
  ['pusher:ping', () => pongFrame],
  ['pusher:pong', () => pongFrame],
]);

/**
 * Answers a frame with exactly one frame, as the return value that a two-way route sends back. It never throws, because
 * API Gateway's own error frame has no `event`, and Pusher's clients fail on that.
 */
export async function handler(event: SocketEvent): Promise<APIGatewayProxyStructuredResultV2> {
  return { statusCode: 200, body: encodeFrame(answer(event.body)) };
}

function answer(text: string | undefined): Frame {
  const frame = parseFrame(text);
  if (isRefusal(frame)) return errorFrame(frame);
  const act = verbs.get(frame.event);
  if (act === undefined) return errorFrame(refuse('unknown-event'));
  return act(frame);
}
