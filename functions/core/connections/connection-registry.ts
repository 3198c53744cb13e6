import type { RefusalReason } from '../refusal.ts';
import type { Connection, NewConnection } from './connection.ts';
import type { Member } from './member.ts';

/** A connection as a broadcast sees it. */
export interface RegisteredConnection extends Connection {
  /** Epoch milliseconds. */
  readonly connectedAt: number;
  /** False until the welcome was posted; broadcasts skip such a connection, because nothing may precede its welcome. */
  readonly welcomed: boolean;
}

/** A connection as it was when it was revoked. */
export interface RevokedConnection extends Pick<RegisteredConnection, 'connectedAt' | 'welcomed'> {
  /** The channels that it had joined. */
  readonly channels: readonly string[];
}

/**
 * What came of a wish to join a channel: it is on the row now, or was already, or the row has too many. `away` has no row that may
 * join anything.
 */
export type Joining = 'joined' | 'again' | 'full' | 'away';

/** What came of a sign-in: `other` has signed in as somebody else already. */
export type SigningIn = 'signed in' | 'other' | 'away';

/**
 * The port to the table of who is connected. A connection has a principal, which never changes, and further owners: its session, and every
 * user that it acts as.
 *
 * `add` is called once per connection, before its handshake is answered. When it resolves, `ofSession` MUST find the connection. It MUST
 * NOT read.
 * `holds` answers whether the connection is here, not revoked and, where one is named, has joined the channel, and `whyRevoked` what its
 * client is to be told. `maySend` answers whether it is here, not revoked, and neither its time nor its session has ended. All three MUST
 * answer by what was written last, because a stale yes or no would be acted upon.
 * `join` takes a channel's name into the connection's row, for as long as it has fewer than `limit`, and refuses one that is not
 * here, was revoked, or whose time or session has ended. It MUST decide and write in one, and MAY be repeated. With a `userId` the
 * connection acts as that user on the channel, and `ofUser` MUST find it when this resolves. `leaveChannel` takes the
 * name out again; it MUST NOT create anything or fail when there is none.
 * `signIn` remembers on the row as whom the connection has signed in; it refuses whom `join` would, and who has signed in as
 * somebody else. `signedInAs` answers by what was written last.
 * `markWelcomed` answers false, and MUST NOT create anything, when the connection has left meanwhile or was revoked.
 * `revoke` marks a connection as one that nothing is for any more, and answers what it was; it can join no
 * more. It answers undefined, and MUST NOT create anything, when the connection has left; it MAY be repeated.
 * `revokeTogether` does it for many in few requests. It answers them by connection id, and undefined where it could not mark every one
 * of them: callers then revoke one after the other.
 * `ofUser` yields page by page the connections that act as a user in any way, and `ofSession` those of a session, whichever user they belong
 * to. Both MUST answer by what was written last, with revoked ones too, so that a revocation that was broken off can be done again. They
 * MAY yield one twice, and one that is gone. With a `userId`, `ofSession` MUST find that user's connections of the session also where functions
 * of 0.1.0 wrote them.
 * `own` makes a connection of 0.1.0 known to its owners: its session, and these users. It answers whether the connection is there.
 * `openOf` yields a principal's connections that take up a place, by what was written last: it MUST NOT yield one that was revoked, whose time
 * has passed, or that is without its welcome for longer than a welcome takes (`welcomePatience`), because such a socket
 * never opened. Who wrote a row before asking MUST find it.
 * `leave` removes the row and answers the channels that it had, none the second time; `Leave` calls it. It MUST be idempotent and MUST NOT fail for a
 * connection that is not there: API Gateway promises `$disconnect` only as best effort, and it may race with a 410.
 * `everyone` yields page by page, so that work can begin before the last page is read. It MUST yield whoever was added
 * before the reading began, and MUST NOT yield a connection whose time has passed, although DynamoDB may keep its row for
 * days, whose session has ended, or that was revoked; it MAY miss one that comes while it reads.
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
