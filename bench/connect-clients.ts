import { io } from 'socket.io-client';
import { WebSocket } from 'ws';

/** Milliseconds from the first byte of one connect. */
export interface Connected {
  /** The client has passed the check: 101 from ours, `connect` from socket.io, which checks after its own handshake. */
  readonly acceptedMs: number;
  /** The client may send: the welcome from ours, the same `connect` from socket.io. */
  readonly usableMs: number;
}

export type Connect = (token: string) => Promise<Connected>;

const patienceMs = 10_000;

export function connectToSessionSocket(webSocketUrl: string, origin: string): Connect {
  return (token) =>
    new Promise((resolve, reject) => {
      const start = performance.now();
      const url = `${webSocketUrl}?token=${encodeURIComponent(token)}`;
      const socket = new WebSocket(url, { origin, handshakeTimeout: patienceMs, perMessageDeflate: false });
      const giveUp = setTimeout(() => fail(new Error('no welcome arrived')), patienceMs);
      let acceptedMs = 0;
      socket.once('open', () => {
        acceptedMs = performance.now() - start;
      });
      socket.once('message', () => {
        clearTimeout(giveUp);
        resolve({ acceptedMs, usableMs: performance.now() - start });
        socket.close();
      });
      socket.once('error', fail);
      socket.once('close', () => fail(new Error('the socket closed before its welcome')));

      function fail(error: Error): void {
        clearTimeout(giveUp);
        reject(new Error(`session-socket: ${error.message}`));
        socket.terminate();
      }
    });
}

export function connectToBlogPost(url: string): Connect {
  return (token) =>
    new Promise((resolve, reject) => {
      const start = performance.now();
      const socket = io(url, {
        transports: ['websocket'],
        forceNew: true,
        reconnection: false,
        timeout: patienceMs,
        query: { token },
      });
      const giveUp = setTimeout(() => fail(new Error('no answer arrived')), patienceMs);
      socket.once('connect', () => {
        clearTimeout(giveUp);
        const ms = performance.now() - start;
        resolve({ acceptedMs: ms, usableMs: ms });
        socket.disconnect();
      });
      socket.once('connect_error', fail);

      function fail(error: Error): void {
        clearTimeout(giveUp);
        reject(new Error(`blog post: ${error.message}`));
        socket.disconnect();
      }
    });
}
