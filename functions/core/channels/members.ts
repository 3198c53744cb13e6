import type { Member } from '../connections/member.ts';

/**
 * The port to the members of presence channels. A user is a member while one of their connections is on the channel.
 *
 * `join` returns true for the user's first connection on the channel, and `leave` returns true for the last one. Each
 * MUST be one atomic write, so of several calls at the same time exactly one gets true. Both MAY be repeated, and a
 * repetition gets false.
 * `of` lists all members, or those with this connection, and `find` returns one. Both MUST read the latest write, and
 * MUST NOT yield an expired member.
 */
export interface Members {
  join(channel: string, member: Member, connectionId: string): Promise<boolean>;
  leave(channel: string, userId: string, connectionId: string): Promise<boolean>;
  of(channel: string, connectionId?: string): Promise<readonly Member[]>;
  find(channel: string, userId: string): Promise<Member | undefined>;
}
