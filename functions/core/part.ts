import type { Announce } from './announce.ts';
import { kindOf } from './channel.ts';
import type { Connection } from './connection.ts';
import type { Members } from './members.ts';
import type { Subscriptions } from './subscriptions.ts';

/** What is known of a parting beside whose it is. */
export interface Parting {
  /** Who it is on a presence channel, where that is known although the subscription may be gone already. */
  readonly userId?: string | undefined;
  /** Leaves in place what joined at this instant or later, in epoch milliseconds. */
  readonly joinedBefore?: number;
}

/**
 * Takes one connection off one channel, and tells the others when its user has left with it. It MAY be repeated. It answers false
 * when a younger subscription stays.
 */
export type Part = (channel: string, connection: Connection, parting?: Parting) => Promise<boolean>;

export interface PartWorld {
  readonly subscriptions: Pick<Subscriptions, 'find' | 'remove'>;
  readonly members: Pick<Members, 'leave'>;
  readonly announce: Announce;
}

export function createPart({ subscriptions, members, announce }: PartWorld): Part {
  return async (channel, connection, { userId: known, joinedBefore } = {}) => {
    const { connectionId } = connection;
    const userId = known ?? (await findUser(channel, connection, joinedBefore));
    // Before the subscription goes, which alone knows the user: who is stopped in between is found by it and done again.
    const isLast = userId !== undefined && (await members.leave(channel, userId, connectionId));
    const isOff = await subscriptions.remove(channel, connection, joinedBefore);
    if (isLast) await announce({ channel, userId, connectionId });
    return isOff;
  };

  async function findUser(
    channel: string,
    connection: Connection,
    joinedBefore = Number.POSITIVE_INFINITY,
  ): Promise<string | undefined> {
    if (kindOf(channel) !== 'presence') return undefined;
    const found = await subscriptions.find(channel, connection);
    return found !== undefined && found.joinedAt < joinedBefore ? found.userId : undefined;
  }
}
