import http, { type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';

/** How the server behaves from now on. */
export type Mood = (request: IncomingMessage, response: ServerResponse) => void;

export interface Tls {
  readonly key: string;
  readonly cert: string;
}

/** A scripted web server on loopback that counts its requests. Close it at the end. */
export class WebServer {
  mood: Mood = (_, response) => response.end();
  readonly requests: IncomingMessage[] = [];
  /** All connections so far, open or closed. */
  readonly connections: Socket[] = [];
  readonly #server: http.Server;

  private constructor(tls: Tls | undefined) {
    const listener: RequestListener = (request, response) => {
      this.requests.push(request);
      this.mood(request, response);
    };
    this.#server = tls === undefined ? http.createServer(listener) : https.createServer(tls, listener);
    this.#server.keepAliveTimeout = 60_000;
    this.#server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
      // Tests often make the client reset the connection.
      socket.on('error', () => {});
      this.connections.push(socket);
    });
  }

  static async start(mood?: Mood, tls?: Tls): Promise<WebServer> {
    const server = new WebServer(tls);
    if (mood !== undefined) server.mood = mood;
    await new Promise<void>((resolve) => {
      server.#server.listen(0, '127.0.0.1', resolve);
    });
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  url(path = '/'): URL {
    const scheme = this.#server instanceof https.Server ? 'https' : 'http';
    return new URL(path, `${scheme}://127.0.0.1:${this.port}`);
  }

  get lastRequest(): IncomingMessage {
    const request = this.requests.at(-1);
    if (request === undefined) throw new Error('Nothing was ever asked of this server.');
    return request;
  }

  /** Behaves like this from now on, and resolves at the next request. */
  asked(mood: Mood): Promise<void> {
    return new Promise((resolve) => {
      this.mood = (request, response) => {
        resolve();
        mood(request, response);
      };
    });
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => {
      this.#server.close(resolve);
    });
    this.#server.closeAllConnections();
    await closed;
  }
}

export function answerJson(value: unknown, status = 200): Mood {
  return (_, response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  };
}

/** Closes with a TCP reset as soon as a request arrives. */
export const hangUp: Mood = (request) => {
  request.socket.resetAndDestroy();
};

export const neverAnswer: Mood = () => {};
