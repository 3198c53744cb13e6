import { type ClientOptions, WebSocket } from 'ws';

/** A browser's socket, with its events as promises. */
export interface Client {
  readonly socket: WebSocket;
  /** The headers of the 101. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  /** The next frame that was not read yet. */
  next(): Promise<string>;
  send(message: unknown): void;
}

export class HandshakeRefused extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`The handshake was answered with ${status}`);
    this.status = status;
  }
}

interface Options extends ClientOptions {
  readonly protocols?: string[];
}

/** @throws {HandshakeRefused} */
export function connect(url: string, { protocols = [], ...options }: Options = {}): Promise<Client> {
  const socket = new WebSocket(url, protocols, options);
  const frames: string[] = [];
  const readers: ((frame: string) => void)[] = [];
  socket.on('message', (data) => {
    const reader = readers.shift();
    if (reader === undefined) frames.push(data.toString());
    else reader(data.toString());
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() }));
  });
  return new Promise((resolve, reject) => {
    let headers: Client['headers'] = {};
    socket.on('upgrade', (response) => {
      headers = response.headers;
    });
    socket.on('unexpected-response', (request, response) => {
      reject(new HandshakeRefused(response.statusCode ?? 0));
      request.destroy();
    });
    socket.on('error', reject);
    socket.on('open', () =>
      resolve({
        socket,
        headers,
        closed,
        next: () => {
          const frame = frames.shift();
          return frame === undefined ? new Promise((read) => readers.push(read)) : Promise.resolve(frame);
        },
        send: (message) => socket.send(typeof message === 'string' ? message : JSON.stringify(message)),
      }),
    );
  });
}

/** @returns the HTTP status of the handshake, 101 included */
export async function handshakeStatus(url: string, options: Options = {}): Promise<number> {
  try {
    const { socket } = await connect(url, options);
    socket.close();
    return 101;
  } catch (error) {
    if (error instanceof HandshakeRefused) return error.status;
    throw error;
  }
}
