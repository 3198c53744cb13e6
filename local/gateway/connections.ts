import type { WebSocket } from 'ws';
import type { Clock } from '../clock.ts';
import type { Observation, Observe } from '../observation.ts';
import type { Client, ConnectionEnd } from './events.ts';

// Both limits: docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
const idleLimitMs = 10 * 60_000;
const lifeLimitMs = 2 * 3_600_000;
/** Captured for the idle limit. For the two-hour limit, this reason and its code are a guess. */
const goingAway = 'Going away';

/** The origin of a message to the client. */
export type Sender = Extract<Observation, { readonly kind: 'message-out' }>['by'];

/** One open socket, with its data for the management API. */
export class Connection {
  readonly client: Client;
  readonly stage: string;
  lastActiveAt: number;
  readonly #socket: WebSocket;
  readonly #clock: Clock;
  readonly #observe: Observe;
  readonly #timers: (() => void)[];
  #end: ConnectionEnd | undefined;

  constructor(client: Client, stage: string, socket: WebSocket, clock: Clock, observe: Observe) {
    this.client = client;
    this.stage = stage;
    this.lastActiveAt = client.connectedAt;
    this.#socket = socket;
    this.#clock = clock;
    this.#observe = observe;
    this.#timers = [clock.after(lifeLimitMs, () => this.close(1001, goingAway))];
    this.#watchIdleness(idleLimitMs);
    socket.once('close', () => {
      for (const forget of this.#timers.splice(0)) forget();
    });
  }

  get isOpen(): boolean {
    return this.#end === undefined && this.#socket.readyState === this.#socket.OPEN;
  }

  /** Set if the gateway closed the connection; undefined if the client did. */
  get end(): ConnectionEnd | undefined {
    return this.#end;
  }

  /** Messages in both directions restart the idle time, pings do not. AWS does not document pings. */
  touch(): void {
    this.lastActiveAt = this.#clock.now();
  }

  /** Sends a text frame. AWS does not document the frame type of a post. */
  send(text: string | Buffer, by: Sender): void {
    if (!this.isOpen) return;
    this.touch();
    this.#socket.send(text, { binary: false });
    this.#observe({ kind: 'message-out', connectionId: this.client.connectionId, by, body: text.toString() });
  }

  close(code: number, reason: string): void {
    if (this.#end !== undefined) return;
    this.#end = { code, reason };
    this.#socket.close(code);
  }

  /** Ends without a close frame, like a failing network. */
  terminate(): void {
    this.#socket.terminate();
  }

  /** Checks again at the earliest time at which the connection can be idle. Messages do not restart the timer. */
  #watchIdleness(afterMs: number): void {
    this.#timers[1] = this.#clock.after(afterMs, () => {
      const leftMs = this.lastActiveAt + idleLimitMs - this.#clock.now();
      if (leftMs > 0) return this.#watchIdleness(leftMs);
      this.close(1001, goingAway);
    });
  }

  /** Resolves when the socket is closed. After `timeoutMs` without an answer the socket is terminated. */
  drop(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#socket.readyState === this.#socket.CLOSED) return resolve();
      const timer = setTimeout(() => this.#socket.terminate(), timeoutMs);
      this.#socket.once('close', () => {
        clearTimeout(timer);
        resolve();
      });
      this.close(1001, '');
    });
  }
}

/** The connections that @connections can reach: from the 101 until the socket closes. */
export class Connections {
  #isClosed = false;
  readonly #open = new Map<string, Connection>();

  add(connection: Connection): void {
    this.#open.set(connection.client.connectionId, connection);
  }

  remove({ client }: Connection): void {
    this.#open.delete(client.connectionId);
  }

  /** @returns undefined if the connection never existed, is gone, or belongs to another stage */
  find(connectionId: string, stage: string): Connection | undefined {
    const connection = this.#open.get(connectionId);
    return connection?.stage === stage && connection.isOpen ? connection : undefined;
  }

  /** True while the local cloud closes. Then `$disconnect` does not run, because its function also stops. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  async close(timeoutMs: number): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#open.values()].map((connection) => connection.drop(timeoutMs)));
  }
}
