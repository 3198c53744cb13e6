import { type Ending, errorFrame, type Frame, pongFrame, subscriptionErrorFrame } from '../frames/frame.ts';
import type { Limit } from '../frames/rate-limit.ts';
import type { Speaker } from '../frames/speaker.ts';
import { isRefusal, type Refusal, refuseFrame } from '../refusal.ts';
import { type Admit, readSubscriptionRequest, type SubscriptionRequest } from './admission.ts';
import { isChannelName, kindOf } from './channel.ts';
import type { Join } from './join.ts';
import type { TakeOff } from './leave.ts';

/**
 * Answers `pusher:subscribe`.
 * @param limit of wishes to join a presence channel, of which each may be announced to all of its members
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
    const tooMuch = kindOf(channel) === 'presence' ? await limit(speaker) : undefined;
    if (tooMuch !== undefined) return refuseFrame(tooMuch);
    const admission = await admit(speaker, request);
    return isRefusal(admission) ? admission : join(speaker, channel, admission);
  }
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
    if (isChannelName(channel)) await takeOff(speaker, channel, { joinedBefore: speaker.sentAt });
    return pongFrame;
  };
}
