import type { WebSocket } from 'ws';
import type { Observation, Observe } from '../observation.ts';
import type { Client } from './events.ts';

/** How a connection ended, in the words of the `$disconnect` event. */
export interface End {
  readonly code: number;
  readonly reason: string;
}

/** Who speaks to the client. */
export type Sender = Extract<Observation, { readonly kind: 'message-out' }>['by'];

/** One open socket and what the management API tells of it. */
export class Connection {
  readonly client: Client;
  readonly stage: string;
  lastActiveAt: number;
  readonly #socket: WebSocket;
  readonly #observe: Observe | undefined;
  #end: End | undefined;

  constructor(client: Client, stage: string, socket: WebSocket, observe?: Observe) {
    this.client = client;
    this.stage = stage;
    this.lastActiveAt = client.connectedAt;
    this.#socket = socket;
    this.#observe = observe;
  }

  get isOpen(): boolean {
    return this.#end === undefined && this.#socket.readyState === this.#socket.OPEN;
  }

  /** Why the gateway ended it; undefined when the client did. */
  get end(): End | undefined {
    return this.#end;
  }

  /** Which frame type API Gateway sends for what is posted is not known: text. */
  send(text: string | Buffer, by: Sender): void {
    if (!this.isOpen) return;
    this.lastActiveAt = Date.now();
    this.#socket.send(text, { binary: false });
    this.#observe?.({ kind: 'message-out', connectionId: this.client.connectionId, by, body: text.toString() });
  }

  close(code: number, reason: string): void {
    if (this.#end !== undefined) return;
    this.#end = { code, reason };
    this.#socket.close(code);
  }

  /** Resolves when the socket is closed; a client that does not answer within `patienceMs` is cut off. */
  drop(patienceMs: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#socket.readyState === this.#socket.CLOSED) return resolve();
      const timer = setTimeout(() => this.#socket.terminate(), patienceMs);
      this.#socket.once('close', () => {
        clearTimeout(timer);
        resolve();
      });
      this.close(1001, '');
    });
  }
}

/** The connections that @connections can see: from the 101 on until the socket closes. */
export class Connections {
  #isClosed = false;
  readonly #open = new Map<string, Connection>();

  add(connection: Connection): void {
    this.#open.set(connection.client.connectionId, connection);
  }

  remove({ client }: Connection): void {
    this.#open.delete(client.connectionId);
  }

  /** @returns undefined when it never existed, is gone, or belongs to another stage */
  find(connectionId: string, stage: string): Connection | undefined {
    const connection = this.#open.get(connectionId);
    return connection?.stage === stage && connection.isOpen ? connection : undefined;
  }

  /** True when the local cloud goes: then no `$disconnect` runs, because its function goes as well. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  async close(patienceMs: number): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#open.values()].map((connection) => connection.drop(patienceMs)));
  }
}
