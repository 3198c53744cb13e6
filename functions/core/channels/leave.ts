import type { Connection } from '../connections/connection.ts';
import type { ConnectionRegistry } from '../connections/connection-registry.ts';
import type { Member } from '../connections/member.ts';
import type { Speaker } from '../frames/speaker.ts';
import { kindOf } from './channel.ts';
import type { Members } from './members.ts';
import type { Announce } from './presence.ts';
import type { Subscriptions } from './subscriptions.ts';

/** What is known of a leaving beside whose it is. */
export interface Leaving {
  /** Who it is on a presence channel, where that is known although the subscription may be gone already. */
  readonly userId?: string | undefined;
  /** Leaves in place what joined at this instant or later, in epoch milliseconds. */
  readonly joinedBefore?: number;
}

/**
 * Takes one connection off one channel, and announces it when its user has left with it. It MAY be repeated. It answers false
 * when a younger subscription stays.
 */
export type LeaveChannel = (channel: string, connection: Connection, leaving?: Leaving) => Promise<boolean>;

/**
 * The one way out of everything, for a disconnect, a socket found gone, a session that ended and a revocation: forgets a
 * connection, its subscriptions, and its user where that was the last connection on a presence channel. It MAY be repeated.
 * @param channel one more that it is to be removed from, where the connection was found although its own row did not say so
 */
export type Leave = (connection: Connection, channel?: string) => Promise<void>;

export function createLeave(registry: Pick<ConnectionRegistry, 'leave'>, leaveChannel: LeaveChannel): Leave {
  return async (connection, channel) => {
    // The row first: whoever joins meanwhile finds none, and undoes himself.
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
    // Before the subscription goes, which knows the user best: who is stopped in between is found by it and done again.
    const gone = await takeAway(channel, connectionId, await usersOf(channel, connection));
    await subscriptions.remove(channel, connection);
    for (const userId of gone) await announce({ channel, userId, connectionId });
    return true;
  }

  /** The subscription first: only when it is gone is it sure that no younger one needs its user. */
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
    const gone = await takeAway(channel, connectionId, users);
    await bringBack(channel, connection, before);
    for (const userId of gone) await announce({ channel, userId, connectionId });
    return true;
  }

  /** One of them, for whom a younger subscription has come between the two: it found the user there, and says nothing. */
  async function bringBack(channel: string, connection: Connection, before: readonly (Member | undefined)[]) {
    if (before.length === 0) return;
    const { connectionId } = connection;
    const younger = await subscriptions.find(channel, connection);
    const member = before.find((each) => each !== undefined && each.userId === younger?.userId);
    if (member === undefined) return;
    const isFirst = await members.join(channel, member, connectionId);
    const hasEnded = (await subscriptions.find(channel, connection)) === undefined;
    if (hasEnded) await members.leave(channel, member.userId, connectionId);
    else if (isFirst) await announce({ channel, userId: member.userId, member, connectionId });
  }

  /** Those of whom it was the last connection. */
  async function takeAway(channel: string, connectionId: string, users: readonly string[]): Promise<readonly string[]> {
    const gone: string[] = [];
    for (const userId of users) if (await members.leave(channel, userId, connectionId)) gone.push(userId);
    return gone;
  }

  async function usersOf(channel: string, connection: Connection): Promise<readonly string[]> {
    if (kindOf(channel) !== 'presence') return [];
    const found = await subscriptions.find(channel, connection);
    if (found?.userId !== undefined) return [found.userId];
    // An unsubscribe was stopped half-way.
    return (await members.of(channel, connection.connectionId)).map(({ userId }) => userId);
  }
}

/** Takes a connection that is still open off a channel, unless a younger frame of it has joined meanwhile. */
export type TakeOff = (speaker: Speaker, channel: string, leaving: Leaving) => Promise<void>;

export interface TakeOffParts {
  readonly registry: Pick<ConnectionRegistry, 'join' | 'leaveChannel'>;
  readonly subscriptions: Pick<Subscriptions, 'find'>;
  readonly leaveChannel: LeaveChannel;
}

/** The row last: who is stopped in between still has the channel on his list of what to leave. */
export function createTakeOff({ registry, subscriptions, leaveChannel }: TakeOffParts): TakeOff {
  return async (speaker, channel, leaving) => {
    if (!(await leaveChannel(channel, speaker, leaving))) return;
    await registry.leaveChannel(speaker, channel);
    if ((await subscriptions.find(channel, speaker)) === undefined) return;
    // A younger frame has joined in between, and would be missing on that list.
    const joining = await registry.join(speaker, channel, Number.MAX_SAFE_INTEGER);
    if (joining === 'away') await leaveChannel(channel, speaker);
  };
}
