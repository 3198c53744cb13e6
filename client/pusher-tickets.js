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
export function useTickets(Pusher, { key, url, fetchTicket = fetchFromPhp, tokenFrom = 'query' }) {
  const runtime = Pusher.Runtime;
  const createWebSocket = runtime.createWebSocket;
  let failures = 0;
  runtime.createWebSocket = (address) =>
    new URL(address).pathname === `/app/${key}`
      ? connectAfterTicket(fetchWithBackoff, (ticket) => connect(runtime.getWebSocketAPI(), url, ticket, tokenFrom))
      : createWebSocket.call(runtime, address);

  /** pusher-js retries each second. After a logout it would never stop, and all pages together would load a PHP that is down. */
  async function fetchWithBackoff() {
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

async function fetchFromPhp() {
  const answer = await fetch('/getSessionID');
  if (!answer.ok) throw new Error(`/getSessionID answered ${answer.status}.`);
  return answer.json();
}

function connect(WebSocket, url, ticket, tokenFrom) {
  if (tokenFrom === 'subprotocol') return new WebSocket(url, ['session-socket', ticket]);
  return new WebSocket(`${url}?token=${encodeURIComponent(ticket)}`);
}

/** The socket that pusher-js gets at once, while the ticket is still being fetched. */
function connectAfterTicket(fetchTicket, connectWith) {
  let socket;
  let isWanted = true;
  const proxy = {
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
function emitClose(proxy) {
  proxy.onclose?.({ code: 1006, reason: '', wasClean: false });
}
