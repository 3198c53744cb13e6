import type { WebSocket } from 'ws';
import type { Clock } from '../clock.ts';
import type { Observation, Observe } from '../observation.ts';
import type { Client, End } from './events.ts';

// Both: docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
const idleLimitMs = 10 * 60_000;
const lifeLimitMs = 2 * 3_600_000;
/** Captured for the idle limit; for the other one it is a guess, as its code is. */
const goingAway = 'Going away';

/** Who speaks to the client. */
export type Sender = Extract<Observation, { readonly kind: 'message-out' }>['by'];

/** One open socket and what the management API tells of it. */
export class Connection {
  readonly client: Client;
  readonly stage: string;
  lastActiveAt: number;
  readonly #socket: WebSocket;
  readonly #clock: Clock;
  readonly #observe: Observe;
  readonly #timers: (() => void)[];
  #end: End | undefined;

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

  /** Why the gateway ended it; undefined when the client did. */
  get end(): End | undefined {
    return this.#end;
  }

  /** Messages either way count, pings do not: whether a client's ping does on AWS is not known. */
  touch(): void {
    this.lastActiveAt = this.#clock.now();
  }

  /** Which frame type API Gateway sends for what is posted is not known: text. */
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

  /** As a network that fails: no close frame. */
  cut(): void {
    this.#socket.terminate();
  }

  /** Looks again when the last message could have become too old; no timer is moved for a message. */
  #watchIdleness(afterMs: number): void {
    this.#timers[1] = this.#clock.after(afterMs, () => {
      const leftMs = this.lastActiveAt + idleLimitMs - this.#clock.now();
      if (leftMs > 0) return this.#watchIdleness(leftMs);
      this.close(1001, goingAway);
    });
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
