import { encodeFrame, errorFrame } from '../frames/frame.ts';
import type { Refusal } from '../refusal.ts';

/** The outcome of a post. A socket that no longer exists is expected. */
export type Delivery = 'delivered' | 'gone';

/** The outcome of closing a socket. */
export type Closing = 'closed' | 'gone';

/**
 * The port to open sockets.
 *
 * `post` sends one text frame. Callers that send one frame to many sockets encode its UTF-8 bytes once and MUST NOT
 * change them. A sender may cache its computations for these bytes. Implementers MUST return `gone` for a socket that
 * is closed or not open yet (API Gateway answers 410 in both cases). They MUST throw SocketTrouble for every other
 * failure of the request. They MUST NOT decide what `gone` means for the registry.
 * `close` closes a socket, with the same two rules. It gives the client no reason, so a caller posts the reason first.
 */
export interface SocketSender {
  post(connectionId: string, frame: string | Uint8Array): Promise<Delivery>;
  close(connectionId: string): Promise<Closing>;
}

/** A post or a close that failed although the socket may be open. The client may or may not have got the frame. */
export class SocketTrouble extends Error {
  /** The HTTP status, or undefined when there was no answer. */
  readonly status: number | undefined;

  constructor(status: number | undefined, options?: ErrorOptions) {
    super(status === undefined ? 'no answer' : `answered with status ${status}`, options);
    this.name = 'SocketTrouble';
    this.status = status;
  }

  /** Throttling, server errors and a missing answer may pass. A frame that is too long or not allowed always fails. */
  get retryable(): boolean {
    return this.status === undefined || this.status === 429 || this.status >= 500;
  }
}

/** The last frame of a socket. Callers encode it once for all sockets that close for this reason. */
export function encodeLastFrame(why: Refusal): Uint8Array {
  return Buffer.from(encodeFrame(errorFrame(why)));
}

/** Posts the reason, then closes the socket, because API Gateway closes without a code. */
export async function closeSocket(connectionId: string, lastFrame: Uint8Array, sender: SocketSender): Promise<Closing> {
  // The socket must close even if the reason cannot be posted.
  const posted = await sender.post(connectionId, lastFrame).catch(() => 'unknown' as const);
  return posted === 'gone' ? 'gone' : sender.close(connectionId);
}
