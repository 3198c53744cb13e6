import type { Member } from '../connections/member.ts';
import { type SocketSender, SocketTrouble } from '../delivery/socket-sender.ts';
import { encodeFrame, type Frame, pongFrame } from '../frames/frame.ts';
import { type Refusal, refuseFrame } from '../refusal.ts';
import type { Members } from './members.ts';
import { memberAddedFrame, memberRemovedFrame, presentFrame } from './presence.ts';

export interface Newcomer {
  readonly channel: string;
  readonly connectionId: string;
  /** Who is there, as it was read last. */
  readonly present: readonly Member[];
}

export type SendMembers = (newcomer: Newcomer) => Promise<Frame | Refusal>;

/** Each costs a read; in a storm of newcomers every one but the last finds somebody new. */
const maxTries = 10;

/**
 * Tells a newcomer who is there. A reply could be overtaken by the news of who comes or leaves meanwhile, and a client forgets all
 * news with the list that follows it. So the list is posted, then whatever has changed since it was read, until nothing has: what
 * changes later is posted later. Where nothing can be posted the list is the reply.
 */
export function createSendMembers(members: Pick<Members, 'of'>, sender: Pick<SocketSender, 'post'>): SendMembers {
  return async ({ channel, connectionId, present }) => {
    const list = presentFrame(channel, present);
    const listed = await post(list);
    if (listed === 'failed') return list;
    if (listed === 'gone') return refuseFrame('connection-ended');
    let told = present;
    for (let tries = 1; tries <= maxTries; tries += 1) {
      const now = await members.of(channel);
      const news = changesBetween(channel, told, now);
      if (news.length === 0) break;
      // Each that fails has taken its time, and the frame has to be answered.
      for (const frame of news) if ((await post(frame)) !== 'delivered') return pongFrame;
      told = now;
    }
    return pongFrame;

    async function post(frame: Frame): Promise<'delivered' | 'gone' | 'failed'> {
      try {
        return await sender.post(connectionId, encodeFrame(frame));
      } catch (error) {
        if (error instanceof SocketTrouble) return 'failed';
        throw error;
      }
    }
  };
}

function changesBetween(channel: string, before: readonly Member[], now: readonly Member[]): readonly Frame[] {
  const [old, fresh] = [idsOf(before), idsOf(now)];
  const left = before.filter(({ userId }) => !fresh.has(userId));
  const came = now.filter(({ userId }) => !old.has(userId));
  return [
    ...left.map(({ userId }) => memberRemovedFrame(channel, userId)),
    ...came.map((member) => memberAddedFrame(channel, member)),
  ];
}

function idsOf(members: readonly Member[]): ReadonlySet<string> {
  return new Set(members.map(({ userId }) => userId));
}
