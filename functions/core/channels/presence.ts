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

/** Reads a member that PHP has signed: `{"user_id": …, "user_info"?: …}` as text. Numeric ids become strings. */
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
 * The list of members for a new member, which includes the new one. Each user is in it once. A user without `user_info`
 * has `null`
 * (https://pusher.com/docs/channels/library_auth_reference/pusher-websockets-protocol/#presence-channel-events).
 */
export function presentFrame(channel: string, members: readonly Member[]): Frame {
  const ids = members.map(({ userId }) => userId);
  // Not built by assignment, because an id may be `__proto__`.
  const hash = Object.fromEntries(members.map(({ userId, userInfo = null }) => [userId, userInfo]));
  const data = JSON.stringify({ presence: { count: ids.length, ids, hash } });
  return { event: 'pusher_internal:subscription_succeeded', data, channel };
}

/** For the other members, once per user, however many sockets the user has. */
function memberAddedFrame(channel: string, { userId, userInfo = null }: Member): Frame {
  const data = JSON.stringify({ user_id: userId, user_info: userInfo });
  return { event: 'pusher_internal:member_added', channel, data };
}

function memberRemovedFrame(channel: string, userId: string): Frame {
  return { event: 'pusher_internal:member_removed', channel, data: JSON.stringify({ user_id: userId }) };
}

/**
 * A user who has joined a presence channel or, when `member` is undefined, left it, and the connection that caused it.
 */
export interface Change {
  readonly channel: string;
  readonly userId: string;
  readonly member?: Member | undefined;
  readonly connectionId: string;
}

export type Announce = (change: Change) => Promise<void>;

/** The maximum for a user who joins and leaves all the time. The last change announces itself too. */
const maxAnnouncements = 5;

/**
 * Announces to the other members that a user has joined or left. Two frames have no order: if one tab of a user leaves
 * while another joins, the older announcement may arrive last. So each announcement is followed by a read, and
 * corrected if it is no longer true.
 */
export function createAnnounce(members: Pick<Members, 'find'>, broadcast: Broadcaster): Announce {
  return async ({ channel, userId, member, connectionId }) => {
    // The user has rejoined meanwhile. That connection announces it, and the others were told of no absence.
    if (member === undefined && (await members.find(channel, userId)) !== undefined) return;
    let announced = member;
    for (let tries = 1; tries <= maxAnnouncements; tries += 1) {
      const frame =
        announced === undefined ? memberRemovedFrame(channel, userId) : memberAddedFrame(channel, announced);
      await broadcast({ channel, frame: encodeFrame(frame), except: connectionId });
      const found = await members.find(channel, userId);
      if ((found === undefined) === (announced === undefined)) return;
      announced = found;
    }
  };
}

export interface Newcomer {
  readonly channel: string;
  readonly connectionId: string;
  /** The members when they were last read. */
  readonly present: readonly Member[];
}

export type SendMembers = (newcomer: Newcomer) => Promise<Frame | Refusal>;

/** A maximum, because each read costs, and among many newcomers each but the last finds another one. */
const maxReads = 10;

/**
 * Sends the list of members to a new member. An announcement could overtake the list in a reply, and the client would
 * discard it with the list. So the list is posted, and then all changes since it was read, until there are none. Later
 * changes are posted later. If posting fails, the list is the reply.
 */
export function createSendMembers(members: Pick<Members, 'of'>, sender: Pick<SocketSender, 'post'>): SendMembers {
  return async ({ channel, connectionId, present }) => {
    const list = presentFrame(channel, present);
    const delivery = await post(list);
    if (delivery === 'failed') return list;
    if (delivery === 'gone') return refuseFrame('connection-ended');
    let sent = present;
    for (let tries = 1; tries <= maxReads; tries += 1) {
      const now = await members.of(channel);
      const changes = changesBetween(channel, sent, now);
      if (changes.length === 0) break;
      // A failed post has taken long, and the client's frame still needs its reply.
      for (const frame of changes) if ((await post(frame)) !== 'delivered') return pongFrame;
      sent = now;
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
  const [oldIds, newIds] = [idsOf(before), idsOf(now)];
  const removed = before.filter(({ userId }) => !newIds.has(userId));
  const added = now.filter(({ userId }) => !oldIds.has(userId));
  return [
    ...removed.map(({ userId }) => memberRemovedFrame(channel, userId)),
    ...added.map((member) => memberAddedFrame(channel, member)),
  ];
}

function idsOf(members: readonly Member[]): ReadonlySet<string> {
  return new Set(members.map(({ userId }) => userId));
}
