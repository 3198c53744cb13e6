import { type Ending, errorFrame, type Frame, pongFrame, subscriptionErrorFrame } from '../frames/frame.ts';
import type { Limit } from '../frames/rate-limit.ts';
import type { Speaker } from '../frames/speaker.ts';
import { isRefusal, type Refusal, refuseFrame } from '../refusal.ts';
import { type Admit, readSubscriptionRequest, type SubscriptionRequest } from './admission.ts';
import { isChannelName, kindOf } from './channel.ts';
import type { Join } from './join.ts';
import type { RemoveFromChannel } from './leave.ts';

/**
 * Answers `pusher:subscribe`.
 * @param limit of joins of presence channels, because each may be announced to all members
 */
export function createSubscribe(admit: Admit, limit: Limit, join: Join) {
  return async (speaker: Speaker, { data }: Frame): Promise<Frame | Ending> => {
    const request = readSubscriptionRequest(data);
    if (isRefusal(request)) return errorFrame(request);
    const outcome = await subscribe(speaker, request);
    return isRefusal(outcome) ? subscriptionErrorFrame(request.channel, outcome) : outcome;
  };

  async function subscribe(speaker: Speaker, request: SubscriptionRequest): Promise<Frame | Ending | Refusal> {
    const { channel } = request;
    if (!isChannelName(channel)) return refuseFrame('bad-channel-name');
    const excess = kindOf(channel) === 'presence' ? await limit(speaker) : undefined;
    if (excess !== undefined) return refuseFrame(excess);
    const admission = await admit(speaker, request);
    return isRefusal(admission) ? admission : join(speaker, channel, admission);
  }
}

/**
 * Leaves a channel, joined or not. Pusher has no reply for this. A page may leave and rejoin a channel at once, and the
 * second frame may be handled first. Its subscription then stays.
 */
export function createUnsubscribe(removeFromChannel: RemoveFromChannel) {
  return async (speaker: Speaker, { data }: Frame): Promise<Frame> => {
    const request = readSubscriptionRequest(data);
    if (isRefusal(request)) return errorFrame(request);
    const { channel } = request;
    if (isChannelName(channel)) await removeFromChannel(speaker, channel, { joinedBefore: speaker.sentAt });
    return pongFrame;
  };
}
