import type { Clock } from '../../functions/core/clock.ts';
import {
  type Closing,
  type Delivery,
  type SocketSender,
  SocketTrouble,
} from '../../functions/core/delivery/socket-sender.ts';

interface Heard {
  readonly at: number;
  readonly connectionId: string;
  readonly frame: string;
}

/** Open sockets that record their frames and times. A socket that is not open is gone, as in API Gateway. */
export class FakeSockets implements SocketSender {
  readonly #open = new Set<string>();
  readonly #broken = new Set<string>();
  readonly #heard: Heard[] = [];
  readonly #clock: Pick<Clock, 'now'>;
  posts = 0;

  constructor(clock: Pick<Clock, 'now'> = { now: () => 0 }) {
    this.#clock = clock;
  }

  open(...connectionIds: string[]): this {
    for (const id of connectionIds) this.#open.add(id);
    return this;
  }

  async close(connectionId: string): Promise<Closing> {
    if (this.#broken.has(connectionId)) throw new SocketTrouble(429);
    return this.#open.delete(connectionId) ? 'closed' : 'gone';
  }

  isOpen(connectionId: string): boolean {
    return this.#open.has(connectionId);
  }

  mend(connectionId: string): void {
    this.#broken.delete(connectionId);
  }

  /** Makes posts to a socket and its closing fail, as API Gateway does while it throttles. */
  break(connectionId: string): void {
    this.#broken.add(connectionId);
  }

  async post(connectionId: string, frame: string | Uint8Array): Promise<Delivery> {
    this.posts += 1;
    if (this.#broken.has(connectionId)) throw new SocketTrouble(429);
    if (!this.#open.has(connectionId)) return 'gone';
    const text = typeof frame === 'string' ? frame : Buffer.from(frame).toString();
    this.#heard.push({ at: this.#clock.now(), connectionId, frame: text });
    return 'delivered';
  }

  /** The events that a socket got, in order. */
  heardBy(connectionId: string): readonly string[] {
    return this.#framesOf(connectionId).map(({ frame }) => JSON.parse(frame).event);
  }

  framesHeardBy(connectionId: string): readonly unknown[] {
    return this.#framesOf(connectionId).map(({ frame }) => JSON.parse(frame));
  }

  /** The epoch seconds in which a socket got a frame. */
  secondsOf(connectionId: string): readonly number[] {
    return this.#framesOf(connectionId).map(({ at }) => Math.floor(at / 1000));
  }

  #framesOf(connectionId: string): readonly Heard[] {
    return this.#heard.filter((heard) => heard.connectionId === connectionId);
  }
}
