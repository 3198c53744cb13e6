import { once } from 'node:events';
import { WebSocket } from 'ws';

export interface Handshake {
  readonly url: string;
  readonly origin?: string | undefined;
}

/** The HTTP status that the handshake got; the socket is closed again when it was 101. */
export async function knock({ url, origin }: Handshake): Promise<number> {
  const socket = new WebSocket(url, origin === undefined ? {} : { origin });
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('unexpected-response', (request, response) => {
      resolve(response.statusCode ?? 0);
      request.destroy();
    });
    socket.once('open', () => {
      socket.close();
      socket.once('close', () => resolve(101));
    });
  });
}

/** An open socket that keeps every frame it got, so that none is missed between two awaits. */
export interface OpenSocket {
  readonly frames: readonly Frame[];
  send(text: string): void;
  /** The first frame, kept or to come, with this event. */
  frame(event: string): Promise<Frame>;
  close(code?: number, reason?: string): Promise<void>;
}

export interface Frame {
  readonly event: string;
  readonly data?: unknown;
}

export async function open({ url, origin }: Handshake): Promise<OpenSocket> {
  const socket = new WebSocket(url, origin === undefined ? {} : { origin });
  const frames: Frame[] = [];
  const waiting = new Set<() => void>();
  socket.on('message', (text) => {
    frames.push(JSON.parse(String(text)));
    for (const look of waiting) look();
  });
  await once(socket, 'open');
  return {
    frames,
    send: (text) => socket.send(text),
    frame: (event) =>
      new Promise((resolve) => {
        const look = () => {
          const found = frames.find((frame) => frame.event === event);
          if (found === undefined) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
    async close(code, reason = '') {
      const closed = once(socket, 'close');
      socket.close(code, reason);
      await closed;
    },
  };
}
