import { encodeFrame, errorFrame } from '../frames/frame.ts';
import type { Refusal } from '../refusal.ts';
import type { Closing, SocketSender } from './socket-sender.ts';

/** The last frame of a socket, encoded once for all that close for this reason. */
export function encodeLastFrame(why: Refusal): Uint8Array {
  return Buffer.from(encodeFrame(errorFrame(why)));
}

/** Posts the reason, then closes the socket: closing itself carries no code. */
export async function closeSocket(connectionId: string, lastFrame: Uint8Array, sender: SocketSender): Promise<Closing> {
  // Being told is a courtesy, being closed is not.
  const posted = await sender.post(connectionId, lastFrame).catch(() => 'unknown' as const);
  return posted === 'gone' ? 'gone' : sender.close(connectionId);
}
