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
export function useTickets(
  Pusher: PusherLibrary,
  { key, url, fetchTicket = fetchFromPhp, tokenFrom = 'query' }: TicketOptions,
): void {
  const runtime = Pusher.Runtime;
  const createWebSocket = runtime.createWebSocket;
  let failures = 0;
  runtime.createWebSocket = (address) =>
    new URL(address).pathname === `/app/${key}`
      ? connectAfterTicket(fetchWithBackoff, (ticket) => connect(runtime.getWebSocketAPI(), url, ticket, tokenFrom))
      : createWebSocket.call(runtime, address);

  /** pusher-js retries each second. After a logout it would never stop, and all pages together would load a PHP that is down. */
  async function fetchWithBackoff(): Promise<string> {
    try {
      const ticket = await fetchTicket();
      failures = 0;
      return ticket;
    } catch (error) {
      failures += 1;
      const waitMs = Math.random() * Math.min(60_000, 1_000 * 2 ** failures);
      await new Promise((resolve) => setTimeout(resolve, waitMs));
      throw error;
    }
  }
}

async function fetchFromPhp(): Promise<string> {
  const answer = await fetch('/getSessionID');
  if (!answer.ok) throw new Error(`/getSessionID answered ${answer.status}.`);
  return answer.json() as Promise<string>;
}

function connect(WebSocket: SocketConstructor, url: string, ticket: string, tokenFrom: TicketOptions['tokenFrom']) {
  if (tokenFrom === 'subprotocol') return new WebSocket(url, ['session-socket', ticket]);
  return new WebSocket(`${url}?token=${encodeURIComponent(ticket)}`);
}

/** The socket that pusher-js gets at once, while the ticket is still being fetched. */
function connectAfterTicket(
  fetchTicket: () => Promise<string>,
  connectWith: (ticket: string) => PusherSocket,
): PusherSocket {
  let socket: PusherSocket | undefined;
  let isWanted = true;
  const proxy: PusherSocket = {
    send: (text) => socket?.send(text),
    close() {
      isWanted = false;
      if (socket) socket.close();
      else emitClose(proxy); // pusher-js waits for a close event, and there is no socket to emit it
    },
  };
  fetchTicket().then(
    (ticket) => {
      if (!isWanted) return;
      socket = connectWith(ticket);
      socket.onopen = (event) => proxy.onopen?.(event);
      socket.onmessage = (event) => proxy.onmessage?.(event);
      socket.onerror = (event) => proxy.onerror?.(event);
      socket.onclose = (event) => proxy.onclose?.(event);
    },
    (error) => {
      if (!isWanted) return;
      proxy.onerror?.(error);
      emitClose(proxy);
    },
  );
  return proxy;
}

/** Emits the close event that a browser emits for a socket that never opened. */
function emitClose(proxy: PusherSocket): void {
  proxy.onclose?.({ code: 1006, reason: '', wasClean: false });
}
