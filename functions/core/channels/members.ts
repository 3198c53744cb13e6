import type { Member } from '../connections/member.ts';

/**
 * The port to the table of who is present on which channel: a user is there while one of his connections is.
 *
 * `join` answers true to the connection that brought its user, `leave` to the one that took him away; each is decided by one
 * atomic write, so of several at the same time exactly one is answered true. Both MAY be repeated, and a repetition is
 * answered false. `of`, of all or only of those who are there by this connection, and `find` read what was written last and MUST NOT yield a member whose time has passed.
 */
export interface Members {
  join(channel: string, member: Member, connectionId: string): Promise<boolean>;
  leave(channel: string, userId: string, connectionId: string): Promise<boolean>;
  of(channel: string, connectionId?: string): Promise<readonly Member[]>;
  find(channel: string, userId: string): Promise<Member | undefined>;
}
