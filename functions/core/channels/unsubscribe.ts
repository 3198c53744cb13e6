import type { ConnectionRegistry } from '../connections/connection-registry.ts';
import { errorFrame, type Frame, pongFrame } from '../frames/frame.ts';
import type { Speaker } from '../frames/speaker.ts';
import { isRefusal } from '../refusal.ts';
import { readSubscriptionRequest } from './admission.ts';
import { isChannelName } from './channel.ts';
import type { LeaveChannel, Leaving } from './leave.ts';
import type { Subscriptions } from './subscriptions.ts';

/** Takes a connection that is still open off a channel, unless a younger frame of it has joined meanwhile. */
export type TakeOff = (speaker: Speaker, channel: string, leaving: Leaving) => Promise<void>;

export interface TakeOffParts {
  readonly registry: Pick<ConnectionRegistry, 'join' | 'part'>;
  readonly subscriptions: Pick<Subscriptions, 'find'>;
  readonly leaveChannel: LeaveChannel;
}

/**
 * Leaves a channel, joined or not. Pusher has no answer to that. A page that leaves a channel and joins it again says both at once,
 * and the second may be done first: it stays.
 */
export function createUnsubscribe(takeOff: TakeOff) {
  return async (speaker: Speaker, { data }: Frame): Promise<Frame> => {
    const request = readSubscriptionRequest(data);
    if (isRefusal(request)) return errorFrame(request);
    const { channel } = request;
    if (isChannelName(channel)) await takeOff(speaker, channel, { joinedBefore: speaker.saidAt });
    return pongFrame;
  };
}

/** The row last: who is stopped in between still has the channel on his list of what to leave. */
export function createTakeOff({ registry, subscriptions, leaveChannel }: TakeOffParts): TakeOff {
  return async (speaker, channel, leaving) => {
    if (!(await leaveChannel(channel, speaker, leaving))) return;
    await registry.part(speaker, channel);
    if ((await subscriptions.find(channel, speaker)) === undefined) return;
    // A younger frame has joined in between, and would be missing on that list.
    const joining = await registry.join(speaker, channel, Number.MAX_SAFE_INTEGER);
    if (joining === 'away') await leaveChannel(channel, speaker);
  };
}
