import type { Publish } from './broadcast.ts';
import { kindOf } from './channel.ts';
import type { Connection } from './connection.ts';
import { encodeFrame } from './frame.ts';
import type { Members } from './members.ts';
import { memberRemovedFrame } from './presence.ts';
import type { Subscriptions } from './subscriptions.ts';

/**
 * Takes one connection off one channel, and tells the others when its user has left with it. It MAY be repeated.
 * @param knownUserId who it is there, where that is known although the subscription may be gone already
 */
export type Part = (channel: string, connection: Connection, knownUserId?: string) => Promise<void>;

export interface PartWorld {
  readonly subscriptions: Pick<Subscriptions, 'find' | 'remove'>;
  readonly members: Pick<Members, 'leave'>;
  readonly publish: Publish;
}

export function createPart({ subscriptions, members, publish }: PartWorld): Part {
  return async (channel, connection, knownUserId) => {
    const { connectionId } = connection;
    const userId = knownUserId ?? (await findUser(channel, connection));
    // Before the subscription goes, which alone knows the user: who is stopped in between is found by it and done again.
    const isLast = userId !== undefined && (await members.leave(channel, userId, connectionId));
    await subscriptions.remove(channel, connection);
    if (isLast)
      await publish({ channel, frame: encodeFrame(memberRemovedFrame(channel, userId)), except: connectionId });
  };

  async function findUser(channel: string, connection: Connection): Promise<string | undefined> {
    if (kindOf(channel) !== 'presence') return undefined;
    return (await subscriptions.find(channel, connection))?.userId;
  }
}
