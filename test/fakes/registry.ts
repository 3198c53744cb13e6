import type { Clock } from '../../functions/core/clock.ts';
import {
  type Connection,
  connectionLifetime,
  type NewConnection,
  sessionOwner,
  userOwner,
  welcomePatience,
} from '../../functions/core/connections/connection.ts';
import type {
  ConnectionRegistry,
  Joining,
  RegisteredConnection,
  RevokedConnection,
  SigningIn,
} from '../../functions/core/connections/connection-registry.ts';
import type { Member } from '../../functions/core/connections/member.ts';
import type { RefusalReason } from '../../functions/core/refusal.ts';
import type { DueConnection, LiveSession, LiveSessions } from '../../functions/core/sessions/live-sessions.ts';

type Row = NewConnection & {
  welcomedAt?: number;
  revokedAt?: number;
  revokedFor?: RefusalReason;
  channels: Set<string>;
  users: Set<string>;
  signedIn?: Member;
  /** Written by functions of 0.1.0, so it is not registered with its owners. */
  isOld?: boolean;
};
type ChangedRow = { -readonly [Key in keyof Row]: Row[Key] };

interface Seat {
  readonly principalId?: string;
  readonly sessionHash?: string;
  readonly welcomed?: boolean;
  readonly connectedAt?: number;
  readonly sessionExpiresAt?: number;
  readonly sessionSeal?: string;
  readonly validUntil?: number;
}

/** The registry in memory, with pages like DynamoDB's. Some may be empty. */
export class MemoryRegistry implements ConnectionRegistry, LiveSessions {
  readonly #rows = new Map<string, ChangedRow>();
  readonly #clock: Clock;
  readonly #pageSize: number;

  constructor(clock: Clock, pageSize = 100) {
    this.#clock = clock;
    this.#pageSize = pageSize;
  }

  async add(connection: NewConnection): Promise<void> {
    const { principalId, connectionId, sessionHash, connectedAt, ...session } = connection;
    const { sessionExpiresAt, sessionSeal, validUntil } = session;
    const row: ChangedRow = {
      principalId,
      connectionId,
      sessionHash,
      connectedAt,
      channels: new Set(),
      users: new Set(),
    };
    if (sessionExpiresAt !== undefined) row.sessionExpiresAt = sessionExpiresAt;
    if (sessionSeal !== undefined) row.sessionSeal = sessionSeal;
    if (validUntil !== undefined) row.validUntil = validUntil;
    this.#rows.set(keyOf(connection), row);
  }

  async holds(connection: Connection, channel?: string): Promise<boolean> {
    if (!this.has(connection) || this.#rows.get(keyOf(connection))?.revokedAt !== undefined) return false;
    return channel === undefined || this.channelsOf(connection).includes(channel);
  }

  async maySend(connection: Connection): Promise<boolean> {
    const row = this.#rows.get(keyOf(connection));
    return row !== undefined && row.revokedAt === undefined && !this.#hasExpired(row);
  }

  async whyRevoked(connection: Connection): Promise<RefusalReason | undefined> {
    return this.#rows.get(keyOf(connection))?.revokedFor;
  }

  async revoke(
    connection: Connection,
    revokedAt: number,
    why: RefusalReason = 'revoked',
  ): Promise<RevokedConnection | undefined> {
    const row = this.#rows.get(keyOf(connection));
    if (row === undefined) return undefined;
    row.revokedAt = revokedAt;
    row.revokedFor = why;
    return { channels: [...row.channels], connectedAt: row.connectedAt, welcomed: row.welcomedAt !== undefined };
  }

  /** Like a transaction: marks none if one has left. */
  async revokeTogether(
    connections: readonly Connection[],
    revokedAt: number,
    why: RefusalReason,
  ): Promise<ReadonlyMap<string, RevokedConnection> | undefined> {
    if (!connections.every((connection) => this.has(connection))) return undefined;
    const revoked = new Map<string, RevokedConnection>();
    for (const connection of connections) {
      const row = await this.revoke(connection, revokedAt, why);
      if (row !== undefined) revoked.set(connection.connectionId, row);
    }
    return revoked;
  }

  async join(connection: Connection, channel: string, limit: number, userId?: string): Promise<Joining> {
    const row = this.#rows.get(keyOf(connection));
    if (row === undefined || row.revokedAt !== undefined || this.#hasExpired(row)) return 'away';
    if (!row.channels.has(channel) && row.channels.size >= limit) return 'full';
    if (userId !== undefined) row.users.add(userId);
    if (row.channels.has(channel)) return 'again';
    row.channels.add(channel);
    return 'joined';
  }

  async signIn(connection: Connection, { userId, userInfo = null }: Member): Promise<SigningIn> {
    const row = this.#rows.get(keyOf(connection));
    if (row === undefined || row.revokedAt !== undefined || this.#hasExpired(row)) return 'away';
    if (row.signedIn !== undefined && row.signedIn.userId !== userId) return 'other';
    row.signedIn = { userId, userInfo };
    return 'signed in';
  }

  async signedInAs(connection: Connection): Promise<Member | undefined> {
    return this.#rows.get(keyOf(connection))?.signedIn;
  }

  async leaveChannel(connection: Connection, channel: string): Promise<void> {
    this.#rows.get(keyOf(connection))?.channels.delete(channel);
  }

  async *ofUser(userId: string): AsyncIterable<readonly Connection[]> {
    const acts = (row: Row) => row.isOld !== true && row.users.has(userId);
    const fits = (row: Row) => row.principalId === userOwner(userId) || acts(row);
    yield* this.#pagesOf((row) => fits(row) && !this.#isLitter(row), showKey);
  }

  async *ofSession(sessionHash: string, userId?: string): AsyncIterable<readonly Connection[]> {
    const principals = [sessionOwner(sessionHash), ...(userId === undefined ? [] : [userOwner(userId)])];
    const isFound = (row: Row) => row.isOld !== true || principals.includes(row.principalId);
    const fits = (row: Row) => row.sessionHash === sessionHash && isFound(row);
    yield* this.#pagesOf((row) => fits(row) && !this.#isLitter(row), showKey);
  }

  async own(connection: Connection, users: readonly string[]): Promise<boolean> {
    const row = this.#rows.get(keyOf(connection));
    if (row === undefined) return false;
    row.isOld = false;
    for (const userId of users) row.users.add(userId);
    return true;
  }

  async markWelcomed(connection: Connection, welcomedAt: number): Promise<boolean> {
    const row = this.#rows.get(keyOf(connection));
    if (row === undefined || row.revokedAt !== undefined) return false;
    row.welcomedAt = welcomedAt;
    return true;
  }

  async leave(connection: Connection): Promise<readonly string[]> {
    const channels = this.channelsOf(connection);
    this.#rows.delete(keyOf(connection));
    return channels;
  }

  async *openOf(principalId: string): AsyncIterable<readonly RegisteredConnection[]> {
    const since = this.#clock.now() - welcomePatience * 1000;
    const mayBeOpen = ({ welcomedAt, connectedAt }: Row) => welcomedAt !== undefined || connectedAt > since;
    const fits = (row: Row) => row.principalId === principalId && row.revokedAt === undefined && mayBeOpen(row);
    yield* this.#pagesOf((row) => fits(row) && !this.#isLitter(row), show);
  }

  async *everyone(): AsyncIterable<readonly RegisteredConnection[]> {
    yield* this.#pagesOf((row) => !this.#hasExpired(row) && row.revokedAt === undefined, show);
  }

  async *due(endsBefore: number): AsyncIterable<readonly DueConnection[]> {
    const now = Math.floor(this.#clock.now() / 1000);
    const never = Number.POSITIVE_INFINITY;
    const isDue = ({ sessionExpiresAt = never, validUntil = never, isOld }: Row) =>
      sessionExpiresAt < endsBefore || validUntil <= now || isOld === true;
    yield* this.#pagesOf(
      (row) => isDue(row) && !this.#isLitter(row),
      (row) => {
        const { sessionHash, sessionExpiresAt, validUntil, signedIn, channels } = row;
        const unowned = row.isOld === true ? { signedInAs: signedIn?.userId, channels: [...channels] } : undefined;
        return { ...show(row), sessionHash, sessionExpiresAt, validUntil, unowned };
      },
    );
  }

  async find(connection: Connection): Promise<LiveSession | undefined> {
    const row = this.#rows.get(keyOf(connection));
    if (row === undefined) return undefined;
    const { sessionHash, sessionSeal, sessionExpiresAt } = row;
    return { sessionHash, sessionSeal, sessionExpiresAt };
  }

  async prolong(...[connection, sessionHash, until]: Parameters<LiveSessions['prolong']>): Promise<boolean> {
    const row = this.#rows.get(keyOf(connection));
    if (row?.sessionHash !== sessionHash) return false;
    row.validUntil = until.validUntil;
    if (until.sessionExpiresAt === undefined) delete row.sessionExpiresAt;
    else row.sessionExpiresAt = until.sessionExpiresAt;
    return true;
  }

  async rebind(...[connection, sessionHash, to]: Parameters<LiveSessions['rebind']>): Promise<boolean> {
    const row = this.#rows.get(keyOf(connection));
    if (row?.sessionHash !== sessionHash) return false;
    Object.assign(row, to);
    return true;
  }

  *#pagesOf<Shown>(fits: (row: Row) => boolean, as: (row: Row) => Shown): Iterable<readonly Shown[]> {
    const rows = [...this.#rows.values()];
    for (let start = 0; start < rows.length; start += this.#pageSize) {
      yield rows.slice(start, start + this.#pageSize).flatMap((row) => (fits(row) ? [as(row)] : []));
    }
  }

  /** Adds a connection, welcomed by default. */
  async seat(connectionId: string, seat: Seat = {}): Promise<Connection> {
    const { welcomed = true, connectedAt = this.#clock.now(), sessionHash = '0'.repeat(64), ...session } = seat;
    const connection = { principalId: seat.principalId ?? `user:${connectionId}`, connectionId };
    await this.add({ ...session, ...connection, sessionHash, connectedAt });
    if (welcomed) await this.markWelcomed(connection, connectedAt);
    return connection;
  }

  /** Changes a row into one of functions of 0.1.0. */
  makeOld(connection: Connection): void {
    const row = this.#rows.get(keyOf(connection));
    if (row !== undefined) row.isOld = true;
  }

  /** All stored rows, including expired ones. */
  get rows(): readonly Row[] {
    return [...this.#rows.values()];
  }

  has(connection: Connection): boolean {
    return this.#rows.has(keyOf(connection));
  }

  channelsOf(connection: Connection): readonly string[] {
    return [...(this.#rows.get(keyOf(connection))?.channels ?? [])];
  }

  isWelcomed(connection: Connection): boolean {
    return this.#rows.get(keyOf(connection))?.welcomedAt !== undefined;
  }

  #hasExpired(row: Row): boolean {
    const { sessionExpiresAt = Number.POSITIVE_INFINITY } = row;
    return this.#isLitter(row) || sessionExpiresAt <= Math.floor(this.#clock.now() / 1000);
  }

  /** The row has expired, so its socket is closed. */
  #isLitter({ connectedAt }: Row): boolean {
    return Math.floor(connectedAt / 1000) + connectionLifetime <= Math.floor(this.#clock.now() / 1000);
  }
}

function show({ principalId, connectionId, connectedAt, welcomedAt }: Row): RegisteredConnection {
  return { principalId, connectionId, connectedAt, welcomed: welcomedAt !== undefined };
}

function showKey({ principalId, connectionId }: Row): Connection {
  return { principalId, connectionId };
}

function keyOf({ principalId, connectionId }: Connection): string {
  return JSON.stringify([principalId, connectionId]);
}
