import type { Subscription, Subscriptions } from '../../functions/core/channels/subscriptions.ts';
import type { Clock } from '../../functions/core/clock.ts';
import { type Connection, connectionLifetime } from '../../functions/core/connections/connection.ts';
import type { PageRange, SubscriberPage } from '../../functions/core/delivery/broadcast.ts';

interface Row extends Connection {
  readonly channel: string;
  readonly userId?: string | undefined;
  readonly joinedAt: number;
  /** Epoch seconds. */
  readonly expiresAt: number;
}

/** Subscriptions in memory. */
export class MemorySubscriptions implements Subscriptions {
  readonly #rows = new Map<string, Row>();
  readonly #clock: Pick<Clock, 'now'>;
  readonly #pageSize: number;

  constructor(clock: Pick<Clock, 'now'>, pageSize = 100) {
    this.#clock = clock;
    this.#pageSize = pageSize;
  }

  async add(channel: string, connection: Connection, joinedAt: number, userId?: string) {
    const { principalId, connectionId } = connection;
    const row = {
      channel,
      principalId,
      connectionId,
      joinedAt,
      userId,
      expiresAt: this.#seconds() + connectionLifetime,
    };
    const kept = this.#rows.get(keyOf(channel, row));
    const before = this.#read(kept);
    if (kept === undefined || kept.joinedAt <= joinedAt) this.#rows.set(keyOf(channel, row), row);
    return before;
  }

  async find(channel: string, connection: Connection): Promise<Subscription | undefined> {
    return this.#read(this.#rows.get(keyOf(channel, connection)));
  }

  async remove(channel: string, connection: Connection, joinedBefore = Number.POSITIVE_INFINITY) {
    const key = keyOf(channel, connection);
    const row = this.#rows.get(key);
    if (row === undefined) return undefined;
    if (row.joinedAt >= joinedBefore) return 'younger';
    this.#rows.delete(key);
    return { userId: row.userId, joinedAt: row.joinedAt };
  }

  async page(channel: string, { after = '', upTo = '\uffff', limit }: PageRange = {}): Promise<SubscriberPage> {
    const fits = (row: Row) => row.channel === channel && row.connectionId > after && row.connectionId <= upTo;
    const rows = [...this.#rows.values()].filter(fits).sort((a, b) => (a.connectionId < b.connectionId ? -1 : 1));
    const page = rows.slice(0, limit ?? this.#pageSize);
    const subscribers = page
      .filter((row) => !this.#hasExpired(row))
      .map(({ principalId, connectionId }) => ({ principalId, connectionId }));
    return { subscribers, next: page.length < rows.length ? page.at(-1)?.connectionId : undefined };
  }

  async last(channel: string, upTo = '\uffff'): Promise<string | undefined> {
    return this.on(channel).findLast((id) => id <= upTo);
  }

  async count(channel: string): Promise<number> {
    return this.on(channel).length;
  }

  async *occupied(): AsyncIterable<readonly string[]> {
    const alive = [...this.#rows.values()].filter((row) => !this.#hasExpired(row));
    yield [...new Set(alive.map(({ channel }) => channel))];
  }

  /** The subscriptions that have not expired, by connection id. */
  on(channel: string): readonly string[] {
    const rows = [...this.#rows.values()].filter((row) => row.channel === channel && !this.#hasExpired(row));
    return rows.map(({ connectionId }) => connectionId).sort();
  }

  #read(row: Row | undefined): Subscription | undefined {
    return row === undefined || this.#hasExpired(row) ? undefined : { userId: row.userId, joinedAt: row.joinedAt };
  }

  #hasExpired({ expiresAt }: Row): boolean {
    return expiresAt <= this.#seconds();
  }

  #seconds(): number {
    return Math.floor(this.#clock.now() / 1000);
  }
}

function keyOf(channel: string, { connectionId }: Connection): string {
  return JSON.stringify([channel, connectionId]);
}
