import { type ClientOptions, WebSocket } from 'ws';

/** A browser's socket that keeps every frame it got, so that none is missed between two awaits. */
export interface Client {
  readonly socket: WebSocket;
  /** The headers of the 101. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  readonly frames: readonly string[];
  /** The next frame that was not read yet. */
  next(): Promise<string>;
  /** The first frame, kept or to come, that fits. */
  find(fits: (frame: string) => boolean): Promise<string>;
  /** An object goes as JSON. */
  send(message: unknown): void;
  close(code?: number, reason?: string): Promise<void>;
}

export class HandshakeRefused extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`The handshake was answered with ${status}`);
    this.status = status;
  }
}

export interface HandshakeOptions extends ClientOptions {
  readonly protocols?: string[];
}

/** @throws {HandshakeRefused} */
export async function connect(url: string, { protocols = [], ...options }: HandshakeOptions = {}): Promise<Client> {
  const socket = new WebSocket(url, protocols, options);
  const frames: string[] = [];
  const waiting = new Set<() => void>();
  let read = 0;
  socket.on('message', (data) => {
    frames.push(data.toString());
    for (const look of [...waiting]) look();
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() }));
  });

  /** Looks now and after each frame, until it is found. */
  function awaitFrame<Found>(find: () => Found | undefined): Promise<Found> {
    return new Promise((resolve) => {
      const look = () => {
        const found = find();
        if (found === undefined) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
    });
  }

  const headers = await opened(socket);
  return {
    socket,
    headers,
    closed,
    frames,
    next() {
      const mine = read;
      read += 1;
      return awaitFrame(() => frames[mine]);
    },
    find: (fits) => awaitFrame(() => frames.find(fits)),
    send: (message) => socket.send(typeof message === 'string' ? message : JSON.stringify(message)),
    async close(code, reason = '') {
      socket.close(code, reason);
      await closed;
    },
  };
}

function opened(socket: WebSocket): Promise<Client['headers']> {
  return new Promise((resolve, reject) => {
    let headers: Client['headers'] = {};
    socket.on('upgrade', (response) => {
      headers = response.headers;
    });
    socket.on('unexpected-response', (request, response) => {
      reject(new HandshakeRefused(response.statusCode ?? 0));
      request.destroy();
    });
    // Stays for the life of the socket: a connection that is cut in the middle must not end the process.
    socket.on('error', reject);
    socket.on('open', () => resolve(headers));
  });
}

/** The HTTP status that the handshake got; the socket is closed again when it was 101. */
export async function handshakeStatus(url: string, options: HandshakeOptions = {}): Promise<number> {
  try {
    const client = await connect(url, options);
    await client.close();
    return 101;
  } catch (error) {
    if (error instanceof HandshakeRefused) return error.status;
    throw error;
  }
}
