import type { Frame } from './frame.ts';
import type { Member } from './subscriptions.ts';

/**
 * To the others on a presence channel, once for each user, however many sockets he has there
 * (https://pusher.com/docs/channels/library_auth_reference/pusher-websockets-protocol/#presence-channel-events).
 */
export function memberAddedFrame(channel: string, { userId, userInfo = null }: Member): Frame {
  const data = JSON.stringify({ user_id: userId, user_info: userInfo });
  return { event: 'pusher_internal:member_added', channel, data };
}

export function memberRemovedFrame(channel: string, userId: string): Frame {
  return { event: 'pusher_internal:member_removed', channel, data: JSON.stringify({ user_id: userId }) };
}
