/** The part of pusher-js that this uses. */
export interface PusherLibrary {
  readonly Runtime: {
    createWebSocket(url: string): PusherSocket;
    getWebSocketAPI(): SocketConstructor;
  };
}
/** The socket interface that pusher-js expects. */
export interface PusherSocket {
  send(text: string): void;
  close(): void;
  onopen?(event?: unknown): void;
  onmessage?(event: unknown): void;
  onerror?(event: unknown): void;
  onclose?(event: unknown): void;
}
export type SocketConstructor = new (url: string, protocols?: string[]) => PusherSocket;
export interface TicketOptions {
  /** The stack's output Key, as given to `new Pusher`. */
  readonly key: string;
  /** The stack's output WebSocketUrl. */
  readonly url: string;
  /** Fetches a ticket, and rejects if there is none. The default fetches `/getSessionID`. */
  readonly fetchTicket?: () => Promise<string>;
  /** The stack's option tokenFrom. The default is `query`. */
  readonly tokenFrom?: 'query' | 'subprotocol';
}
/**
 * Makes pusher-js (and so Laravel Echo) fetch a fresh one-use ticket before each connection attempt. Without this, it
 * would reconnect with the used ticket and be rejected forever.
 *
 *     import { useTickets } from './pusher-tickets.js';
 *
 *     useTickets(Pusher, { key, url: 'wss://….execute-api.eu-central-1.amazonaws.com/live' });
 *     new Pusher(key, { cluster: '', enabledTransports: ['ws', 'wss'], activityTimeout: 540_000 });
 *
 * Connections with another key do not change. It overrides `Pusher.Runtime.createWebSocket`, which is public but not
 * documented.
 * Tested with pusher-js 8.6.0.
 *
 * @param {object} Pusher the library itself
 * @param {object} options
 * @param {string} options.key the stack's output Key, as given to `new Pusher`
 * @param {string} options.url the stack's output WebSocketUrl
 * @param {() => Promise<string>} [options.fetchTicket] rejects if there is no ticket; the default fetches `/getSessionID`
 * @param {'query' | 'subprotocol'} [options.tokenFrom] the stack's option tokenFrom
 */
export declare function useTickets(Pusher: PusherLibrary, { key, url, fetchTicket, tokenFrom }: TicketOptions): void;
