import type { Connection } from '../connections/connection.ts';
import type { ConnectionRegistry } from '../connections/connection-registry.ts';
import type { Member } from '../connections/member.ts';
import type { Speaker } from '../frames/frame.ts';
import { kindOf } from './channel.ts';
import type { Members } from './members.ts';
import type { Announce } from './presence.ts';
import type { Subscriptions } from './subscriptions.ts';

/** Details of how a connection leaves a channel. */
export interface Leaving {
  /** The user on a presence channel, if known. The subscription may already be gone. */
  readonly userId?: string | undefined;
  /** Keeps a subscription that joined at this instant or later, in epoch milliseconds. */
  readonly joinedBefore?: number;
}

/**
 * Removes one connection from one channel, and announces it if its user has left the channel. It MAY be repeated. It
 * returns false when a newer subscription stays.
 */
export type LeaveChannel = (channel: string, connection: Connection, leaving?: Leaving) => Promise<boolean>;

/**
 * Removes a connection after a disconnect, a 410, the end of its session or a revocation. It also removes its
 * subscriptions, and its user where it was the user's last connection on a presence channel. It MAY be repeated.
 * @param channel where the connection was found, which its own row may not list
 */
export type Leave = (connection: Connection, channel?: string) => Promise<void>;

export function createLeave(registry: Pick<ConnectionRegistry, 'leave'>, leaveChannel: LeaveChannel): Leave {
  return async (connection, channel) => {
    // The row first: a frame that joins a channel meanwhile finds no row, and undoes its steps.
    const channels = new Set(await registry.leave(connection));
    if (channel !== undefined) channels.add(channel);
    await Promise.all([...channels].map((each) => leaveChannel(each, connection)));
  };
}

export interface LeaveChannelParts {
  readonly subscriptions: Pick<Subscriptions, 'find' | 'remove'>;
  readonly members: Pick<Members, 'join' | 'leave' | 'of' | 'find'>;
  readonly announce: Announce;
}

export function createLeaveChannel({ subscriptions, members, announce }: LeaveChannelParts): LeaveChannel {
  return (channel, connection, { userId, joinedBefore } = {}) =>
    joinedBefore === undefined
      ? leaveForGood(channel, connection)
      : leaveUntil(joinedBefore, channel, connection, userId);

  async function leaveForGood(channel: string, connection: Connection): Promise<true> {
    const { connectionId } = connection;
    // The subscription last, because it names the user: after an interruption, a repetition needs it.
    const gone = await removeMembers(channel, connectionId, await usersOf(channel, connection));
    await subscriptions.remove(channel, connection);
    for (const userId of gone) await announce({ channel, userId, connectionId });
    return true;
  }

  /** The subscription first: only once it is removed is it certain that no newer one needs its user. */
  async function leaveUntil(
    instant: number,
    channel: string,
    connection: Connection,
    known: string | undefined,
  ): Promise<boolean> {
    const { connectionId } = connection;
    const removed = await subscriptions.remove(channel, connection, instant);
    if (removed === 'younger') return false;
    const users = [...new Set([known, removed?.userId].filter((userId) => userId !== undefined))];
    const before = await Promise.all(users.map((userId) => members.find(channel, userId)));
    const gone = await removeMembers(channel, connectionId, users);
    await restoreMember(channel, connection, before);
    for (const userId of gone) await announce({ channel, userId, connectionId });
    return true;
  }

  /**
   * A newer subscription may have joined before the member was removed. It found the member present and did not
   * announce it.
   */
  async function restoreMember(channel: string, connection: Connection, before: readonly (Member | undefined)[]) {
    if (before.length === 0) return;
    const { connectionId } = connection;
    const newer = await subscriptions.find(channel, connection);
    const member = before.find((each) => each !== undefined && each.userId === newer?.userId);
    if (member === undefined) return;
    const isFirst = await members.join(channel, member, connectionId);
    const hasEnded = (await subscriptions.find(channel, connection)) === undefined;
    if (hasEnded) await members.leave(channel, member.userId, connectionId);
    else if (isFirst) await announce({ channel, userId: member.userId, member, connectionId });
  }

  /** @returns the users without a further connection on the channel */
  async function removeMembers(
    channel: string,
    connectionId: string,
    users: readonly string[],
  ): Promise<readonly string[]> {
    const gone: string[] = [];
    for (const userId of users) if (await members.leave(channel, userId, connectionId)) gone.push(userId);
    return gone;
  }

  async function usersOf(channel: string, connection: Connection): Promise<readonly string[]> {
    if (kindOf(channel) !== 'presence') return [];
    const found = await subscriptions.find(channel, connection);
    if (found?.userId !== undefined) return [found.userId];
    // An unsubscribe was interrupted.
    return (await members.of(channel, connection.connectionId)).map(({ userId }) => userId);
  }
}

/** Removes an open connection from a channel, unless a newer frame has joined it meanwhile. */
export type RemoveFromChannel = (speaker: Speaker, channel: string, leaving: Leaving) => Promise<void>;

export interface RemoveFromChannelParts {
  readonly registry: Pick<ConnectionRegistry, 'join' | 'leaveChannel'>;
  readonly subscriptions: Pick<Subscriptions, 'find'>;
  readonly leaveChannel: LeaveChannel;
}

/** The row last: after an interruption, the row still lists the channel, so a later leave finds it. */
export function createRemoveFromChannel({
  registry,
  subscriptions,
  leaveChannel,
}: RemoveFromChannelParts): RemoveFromChannel {
  return async (speaker, channel, leaving) => {
    if (!(await leaveChannel(channel, speaker, leaving))) return;
    await registry.leaveChannel(speaker, channel);
    if ((await subscriptions.find(channel, speaker)) === undefined) return;
    // A newer frame has joined in between, so the row must list the channel again.
    const joining = await registry.join(speaker, channel, Number.MAX_SAFE_INTEGER);
    if (joining === 'away') await leaveChannel(channel, speaker);
  };
}
