import type { Member } from '../connections/member.ts';
import type { Broadcaster } from '../delivery/broadcaster.ts';
import { type SocketSender, SocketTrouble } from '../delivery/socket-sender.ts';
import { encodeFrame, type Frame, pongFrame } from '../frames/frame.ts';
import { isUserId } from '../handshake/identity.ts';
import { fieldsIn } from '../json.ts';
import { type Refusal, refuseFrame } from '../refusal.ts';
import type { Members } from './members.ts';

/** Pusher's limits: https://pusher.com/docs/channels/using_channels/presence-channels/ */
export const maxMembers = 100;
const maxMemberBytes = 1024;

/** What PHP has signed of a member, `{"user_id": …, "user_info"?: …}`, as text. Ids may be numbers there; here they are text. */
export function readMember(channelData: string): Member | Refusal {
  const { user_id: id, user_info: userInfo } = fieldsIn(channelData) ?? {};
  const userId = Number.isSafeInteger(id) ? String(id) : id;
  if (!isUserId(userId)) return refuseFrame('bad-member');
  return userInfo === undefined ? { userId } : { userId, userInfo };
}

export function isBig({ userInfo }: Member): boolean {
  return userInfo !== undefined && Buffer.byteLength(JSON.stringify(userInfo)) > maxMemberBytes;
}

/**
 * Who is here, to who has just come. A user is in it once, himself too, and whoever says nothing of himself is in it with `null`
 * (https://pusher.com/docs/channels/library_auth_reference/pusher-websockets-protocol/#presence-channel-events).
 */
export function presentFrame(channel: string, members: readonly Member[]): Frame {
  const ids = members.map(({ userId }) => userId);
  // Not by assignment: an id may be `__proto__`.
  const hash = Object.fromEntries(members.map(({ userId, userInfo = null }) => [userId, userInfo]));
  const data = JSON.stringify({ presence: { count: ids.length, ids, hash } });
  return { event: 'pusher_internal:subscription_succeeded', data, channel };
}

/** To the others, once for each user, however many sockets he has there. */
export function memberAddedFrame(channel: string, { userId, userInfo = null }: Member): Frame {
  const data = JSON.stringify({ user_id: userId, user_info: userInfo });
  return { event: 'pusher_internal:member_added', channel, data };
}

export function memberRemovedFrame(channel: string, userId: string): Frame {
  return { event: 'pusher_internal:member_removed', channel, data: JSON.stringify({ user_id: userId }) };
}

/** Who came to a presence channel, or, where `member` is undefined, left it, and through which connection. */
export interface Change {
  readonly channel: string;
  readonly userId: string;
  readonly member?: Member | undefined;
  readonly connectionId: string;
}

export type Announce = (change: Change) => Promise<void>;

/** For one who comes and goes all the time; whoever changes last announces it too. */
const maxAnnouncements = 5;

/**
 * Tells the others of a channel who came or left. Two frames have no order between them: where one tab of a user leaves while another
 * comes, the older news may arrive last. So whoever told looks again, and when it is not true any more tells what is.
 */
export function createAnnounce(members: Pick<Members, 'find'>, broadcast: Broadcaster): Announce {
  return async ({ channel, userId, member, connectionId }) => {
    // The connection that has brought the user back meanwhile announces that; the others have heard of no absence.
    if (member === undefined && (await members.find(channel, userId)) !== undefined) return;
    let said = member;
    for (let tries = 1; tries <= maxAnnouncements; tries += 1) {
      const frame = said === undefined ? memberRemovedFrame(channel, userId) : memberAddedFrame(channel, said);
      await broadcast({ channel, frame: encodeFrame(frame), except: connectionId });
      const found = await members.find(channel, userId);
      if ((found === undefined) === (said === undefined)) return;
      said = found;
    }
  };
}

export interface Newcomer {
  readonly channel: string;
  readonly connectionId: string;
  /** Who is there, as it was read last. */
  readonly present: readonly Member[];
}

export type SendMembers = (newcomer: Newcomer) => Promise<Frame | Refusal>;

/** Each costs a read; in a storm of newcomers every one but the last finds somebody new. */
const maxReads = 10;

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
    for (let tries = 1; tries <= maxReads; tries += 1) {
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
