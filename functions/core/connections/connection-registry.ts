import type { RefusalReason } from '../refusal.ts';
import type { Connection, NewConnection } from './connection.ts';
import type { Member } from './member.ts';

/** A connection as a broadcast sees it. */
export interface RegisteredConnection extends Connection {
  /** Epoch milliseconds. */
  readonly connectedAt: number;
  /**
   * False until the welcome was posted. Broadcasts skip such a connection, because the welcome must be its first frame.
   */
  readonly welcomed: boolean;
}

/** The state of a connection when it was revoked. */
export interface RevokedConnection extends Pick<RegisteredConnection, 'connectedAt' | 'welcomed'> {
  /** The channels that it had joined. */
  readonly channels: readonly string[];
}

/**
 * The outcome of joining a channel. `joined`: the row has the channel now. `again`: it had the channel already. `full`:
 * it has the maximum number of channels. `away`: the connection has left, was revoked or has ended, so it may join
 * nothing.
 */
export type Joining = 'joined' | 'again' | 'full' | 'away';

/** The outcome of a sign-in. `other`: the connection has already signed in as another user. */
export type SigningIn = 'signed in' | 'other' | 'away';

/**
 * The port to the table of connections. A connection has a principal, which never changes, and further owners: its
 * session, and every user that it acts as. A connection expires `connectionLifetime` after its handshake, although
 * DynamoDB may keep its row for days.
 *
 * `add` is called once per connection, before its handshake is answered. When it resolves, `ofSession` MUST find the
 * connection. It MUST NOT read.
 * `holds` returns whether the connection exists, is not revoked and, where a channel is given, has joined it.
 * `whyRevoked` returns the reason for its client. `maySend` returns whether the connection exists, is not revoked, has
 * not expired, and its session has not ended. All three MUST read the latest write, because callers act on the result.
 * `join` adds a channel to the connection's row while it has fewer than `limit`. It refuses a connection that does not
 * exist, was revoked or has expired, or whose session has ended. It MUST decide and write in one step, and MAY be
 * repeated. With a `userId`, the connection acts as that user on the channel, and `ofUser` MUST find it when this
 * resolves.
 * `leaveChannel` removes the channel from the row. It MUST NOT create anything, or fail when there is none.
 * `signIn` stores on the row the user that the connection has signed in as. It refuses the same connections as `join`,
 * and one that has signed in as another user. `signedInAs` MUST read the latest write.
 * `markWelcomed` returns false, and MUST NOT create anything, when the connection has left or was revoked.
 * `revoke` marks a connection as revoked and returns its state before. The connection can join nothing more, and
 * nothing is delivered to it. When the connection has left, it returns undefined and MUST NOT create anything. It MAY
 * be repeated.
 * `revokeTogether` revokes many connections in few requests. It returns them by connection id, or undefined when it
 * could not mark all of them. Callers then revoke one after the other.
 * `ofUser` yields, page by page, the connections that act as a user in any way. `ofSession` yields those of a session,
 * whichever user they belong to. Both MUST read the latest write and include revoked connections, so that an
 * interrupted revocation can be repeated. They MAY yield a connection twice, and one that has left. With a `userId`,
 * `ofSession` MUST also find that user's connections of the session where functions of 0.1.0 wrote them.
 * `own` registers a connection of 0.1.0 with its owners: its session, and these users. It returns whether the
 * connection exists.
 * `openOf` yields the connections of a principal that count against its limit. It MUST read the latest write, and find
 * a row that its caller has just written. It MUST NOT yield a connection that was revoked, has expired, or has waited
 * for its welcome for longer than `welcomePatience`, because such a socket never opened.
 * `leave` removes the row and returns its channels, or none the second time. `Leave` calls it. It MUST be idempotent,
 * and MUST NOT fail for a connection that does not exist: API Gateway delivers `$disconnect` at best effort, and it may
 * race with a 410.
 * `everyone` yields page by page, so that work can begin before the last page is read. It MUST yield every connection
 * that was added before the reading began. It MUST NOT yield a connection that has expired or was revoked, or whose
 * session has ended. It MAY miss a connection that is added while it reads.
 */
export interface ConnectionRegistry {
  add(connection: NewConnection): Promise<void>;
  holds(connection: Connection, channel?: string): Promise<boolean>;
  maySend(connection: Connection): Promise<boolean>;
  whyRevoked(connection: Connection): Promise<RefusalReason | undefined>;
  join(connection: Connection, channel: string, limit: number, userId?: string): Promise<Joining>;
  leaveChannel(connection: Connection, channel: string): Promise<void>;
  signIn(connection: Connection, member: Member): Promise<SigningIn>;
  signedInAs(connection: Connection): Promise<Member | undefined>;
  markWelcomed(connection: Connection, welcomedAt: number): Promise<boolean>;
  revoke(connection: Connection, revokedAt: number, why: RefusalReason): Promise<RevokedConnection | undefined>;
  revokeTogether(
    connections: readonly Connection[],
    revokedAt: number,
    why: RefusalReason,
  ): Promise<ReadonlyMap<string, RevokedConnection> | undefined>;
  leave(connection: Connection): Promise<readonly string[]>;
  ofUser(userId: string): AsyncIterable<readonly Connection[]>;
  ofSession(sessionHash: string, userId?: string): AsyncIterable<readonly Connection[]>;
  own(connection: Connection, users: readonly string[]): Promise<boolean>;
  openOf(principalId: string): AsyncIterable<readonly RegisteredConnection[]>;
  everyone(): AsyncIterable<readonly RegisteredConnection[]>;
}
