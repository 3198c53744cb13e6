import type { Member } from '../connections/member.ts';
import type { Frame } from '../frames/frame.ts';
import { isUserId } from '../handshake/identity.ts';
import { fieldsIn } from '../json.ts';
import { type Refusal, refuseFrame } from '../refusal.ts';

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
