/** The part of pusher-js that this rests on. */
export interface PusherLibrary {
  readonly Runtime: {
    createWebSocket(url: string): PusherSocket;
    getWebSocketAPI(): SocketConstructor;
  };
}
/** What pusher-js takes for a socket. */
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
  readonly key: string;
  readonly url: string;
  readonly fetchTicket?: () => Promise<string>;
  readonly tokenFrom?: 'query' | 'subprotocol';
}
/**
 * pusher-js (and so Laravel Echo) with one-use tickets: each time it dials, a fresh ticket is fetched first. Without this it
 * would come back after a cut with the ticket that has been used, and be refused for ever.
 *
 *     import { useTickets } from './pusher-tickets.js';
 *
 *     useTickets(Pusher, { key, url: 'wss://….execute-api.eu-central-1.amazonaws.com/live' });
 *     new Pusher(key, { cluster: '', enabledTransports: ['ws', 'wss'], wsHost: location.hostname, activityTimeout: 540_000 });
 *
 * Sockets of other keys are left alone. It rests on `Pusher.Runtime.createWebSocket`, which is public but not documented;
 * run against pusher-js 8.6.0.
 *
 * @param {object} Pusher the library itself
 * @param {object} options
 * @param {string} options.key the stack's output Key, as given to `new Pusher`
 * @param {string} options.url the stack's output WebSocketUrl
 * @param {() => Promise<string>} [options.fetchTicket] rejects when there is none; it asks `/getSessionID` unless told otherwise
 * @param {'query' | 'subprotocol'} [options.tokenFrom] as the stack was deployed
 */
export declare function useTickets(Pusher: PusherLibrary, { key, url, fetchTicket, tokenFrom }: TicketOptions): void;
