/** A socket that no longer exists is an expected outcome of posting to it. */
export type Delivery = 'delivered' | 'gone';

/** So is one that was to be closed. */
export type Closing = 'closed' | 'gone';

/**
 * The port to open sockets.
 *
 * `post` sends one text frame. Implementers MUST answer `gone` for a socket that is closed or not open yet (API Gateway
 * says 410 to both) and MUST throw for every other failure. They MUST NOT decide what `gone` means for the registry.
 * `close` ends a socket, with the same two rules. A client learns no reason from it, so a caller that has one posts it first.
 */
export interface SocketSender {
  post(connectionId: string, frame: string): Promise<Delivery>;
  close(connectionId: string): Promise<Closing>;
}
