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
export function useTickets(
  Pusher: PusherLibrary,
  { key, url, fetchTicket = askPhp, tokenFrom = 'query' }: TicketOptions,
): void {
  const runtime = Pusher.Runtime;
  const createWebSocket = runtime.createWebSocket;
  let failures = 0;
  runtime.createWebSocket = (address) =>
    new URL(address).pathname === `/app/${key}`
      ? dialLater(fetchPatiently, (ticket) => dial(runtime.getWebSocketAPI(), url, ticket, tokenFrom))
      : createWebSocket.call(runtime, address);

  /** pusher-js would ask again each second: after a logout for as long as the page is open, and a PHP that is down by all at once. */
  async function fetchPatiently(): Promise<string> {
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

async function askPhp(): Promise<string> {
  const answer = await fetch('/getSessionID');
  if (!answer.ok) throw new Error(`/getSessionID answered ${answer.status}.`);
  return answer.json() as Promise<string>;
}

function dial(WebSocket: SocketConstructor, url: string, ticket: string, tokenFrom: TicketOptions['tokenFrom']) {
  if (tokenFrom === 'subprotocol') return new WebSocket(url, ['session-socket', ticket]);
  return new WebSocket(`${url}?token=${encodeURIComponent(ticket)}`);
}

/** What pusher-js takes for a socket, while the ticket is being fetched and after. */
function dialLater(fetchTicket: () => Promise<string>, dialWith: (ticket: string) => PusherSocket): PusherSocket {
  let socket: PusherSocket | undefined;
  let isWanted = true;
  const line: PusherSocket = {
    send: (text) => socket?.send(text),
    close() {
      isWanted = false;
      if (socket) socket.close();
      else tellClosed(line); // nobody else would, and pusher-js waits for it
    },
  };
  fetchTicket().then(
    (ticket) => {
      if (!isWanted) return;
      socket = dialWith(ticket);
      socket.onopen = (event) => line.onopen?.(event);
      socket.onmessage = (event) => line.onmessage?.(event);
      socket.onerror = (event) => line.onerror?.(event);
      socket.onclose = (event) => line.onclose?.(event);
    },
    (error) => {
      if (!isWanted) return;
      line.onerror?.(error);
      tellClosed(line);
    },
  );
  return line;
}

/** As a browser does for a socket that never opened. It is the last that pusher-js hears of this one. */
function tellClosed(line: PusherSocket): void {
  line.onclose?.({ code: 1006, reason: '', wasClean: false });
}
