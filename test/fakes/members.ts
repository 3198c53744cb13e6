import type { Members } from '../../functions/core/channels/members.ts';
import type { Clock } from '../../functions/core/clock.ts';
import { connectionLifetime } from '../../functions/core/connections/connection.ts';
import type { Member } from '../../functions/core/connections/member.ts';

interface Row {
  readonly channel: string;
  member: Member;
  readonly connections: Set<string>;
  /** Epoch seconds. */
  expiresAt: number;
}

/** Members in memory. */
export class MemoryMembers implements Members {
  readonly #rows = new Map<string, Row>();
  readonly #clock: Pick<Clock, 'now'>;

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  async join(channel: string, member: Member, connectionId: string): Promise<boolean> {
    const key = keyOf(channel, member.userId);
    const kept = this.#rows.get(key);
    const before = kept === undefined || this.#hasExpired(kept) ? new Set<string>() : kept.connections;
    const isFirst = before.size === 0;
    const expiresAt = this.#seconds() + connectionLifetime;
    this.#rows.set(key, { channel, member, connections: before.add(connectionId), expiresAt });
    return isFirst;
  }

  async leave(channel: string, userId: string, connectionId: string): Promise<boolean> {
    const row = this.#rows.get(keyOf(channel, userId));
    if (row?.connections.delete(connectionId) !== true || row.connections.size > 0) return false;
    this.#rows.delete(keyOf(channel, userId));
    return true;
  }

  async of(channel: string, connectionId?: string): Promise<readonly Member[]> {
    const isMeant = ({ connections }: Row) => connectionId === undefined || connections.has(connectionId);
    const inChannel = [...this.#rows.values()].filter((row) => row.channel === channel && !this.#hasExpired(row));
    const rows = inChannel.filter(isMeant);
    return rows.map(({ member }) => member).sort((a, b) => (a.userId < b.userId ? -1 : 1));
  }

  async find(channel: string, userId: string): Promise<Member | undefined> {
    const row = this.#rows.get(keyOf(channel, userId));
    return row === undefined || this.#hasExpired(row) ? undefined : row.member;
  }

  #hasExpired({ expiresAt }: Row): boolean {
    return expiresAt <= this.#seconds();
  }

  #seconds(): number {
    return Math.floor(this.#clock.now() / 1000);
  }
}

function keyOf(channel: string, userId: string): string {
  return JSON.stringify([channel, userId]);
}
