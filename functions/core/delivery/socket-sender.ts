import { encodeFrame, errorFrame } from '../frames/frame.ts';
import type { Refusal } from '../refusal.ts';

/** A socket that no longer exists is an expected outcome of posting to it. */
export type Delivery = 'delivered' | 'gone';

/** So is one that was to be closed. */
export type Closing = 'closed' | 'gone';

/**
 * The port to open sockets.
 *
 * `post` sends one text frame. Who sends the same to many makes its UTF-8 bytes once and posts these, unchanged: what a sender
 * has to compute of them it computes once for as long as they live. Implementers MUST answer `gone` for a socket that is
 * closed or not open yet (API Gateway says 410 to both) and MUST throw SocketTrouble for every other failure of the
 * exchange. They MUST NOT decide what `gone` means for the registry.
 * `close` ends a socket, with the same two rules. A client learns no reason from it, so a caller that has one posts it first.
 */
export interface SocketSender {
  post(connectionId: string, frame: string | Uint8Array): Promise<Delivery>;
  close(connectionId: string): Promise<Closing>;
}

/** A post, or a close, that failed although the socket may be open: whether the client got the frame is not known. */
export class SocketTrouble extends Error {
  /** The answer's, or undefined when none came. */
  readonly status: number | undefined;

  constructor(status: number | undefined, options?: ErrorOptions) {
    super(status === undefined ? 'no answer' : `answered with status ${status}`, options);
    this.name = 'SocketTrouble';
    this.status = status;
  }

  /** Too much at once, a fault of theirs or no answer at all pass; a frame that is too long or not allowed stays so. */
  get retryable(): boolean {
    return this.status === undefined || this.status === 429 || this.status >= 500;
  }
}

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
