import { userOwner } from '../connections/connection.ts';
import type { ConnectionRegistry } from '../connections/connection-registry.ts';
import type { Member } from '../connections/member.ts';
import type { Revocations } from '../connections/revocations.ts';
import {
  type Ending,
  encodeFrame,
  errorFrame,
  type Frame,
  pongFrame,
  type Speaker,
  subscriptionErrorFrame,
} from '../frames/frame.ts';
import type { Limit } from '../frames/rate-limit.ts';
import { isRefusal, type Refusal, refuseFrame } from '../refusal.ts';
import { type Admission, type Admit, readSubscriptionRequest, type SubscriptionRequest } from './admission.ts';
import { isChannelName, kindOf } from './channel.ts';
import type { LeaveChannel, RemoveFromChannel } from './leave.ts';
import type { Members } from './members.ts';
import { type Announce, maxMembers, presentFrame, type SendMembers } from './presence.ts';
import type { Subscriptions } from './subscriptions.ts';

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

export interface JoinParts {
  readonly registry: Pick<ConnectionRegistry, 'join' | 'holds'>;
  readonly subscriptions: Pick<Subscriptions, 'add' | 'find'>;
  readonly members: Pick<Members, 'join' | 'of'>;
  readonly revocations: Pick<Revocations, 'isRevokedSince'>;
  readonly leaveChannel: LeaveChannel;
  readonly removeFromChannel: RemoveFromChannel;
  readonly announce: Announce;
  readonly sendMembers: SendMembers;
  /** The maximum number of channels of one connection. */
  readonly maxChannels: number;
}

/**
 * `undone`: an older frame has removed part of the subscription meanwhile. `left`: a newer frame has left the channel.
 */
type Outcome = Frame | Ending | Refusal | 'undone' | 'left';

/**
 * API Gateway's limit for one message
 * (https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html).
 */
const maxFrameBytes = 128 * 1024;

/** Older frames may undo a subscription while it is made, but only a few times. */
const maxTries = 3;

/** Joins a channel that the connection is allowed to join. */
export type Join = (speaker: Speaker, channel: string, admission: Admission) => Promise<Frame | Ending | Refusal>;

/**
 * Joins a channel in four steps: add the channel to the connection's row, write the subscription, add the member,
 * announce it. Before the announcement it checks that the connection has not left and was not revoked. If it was, it
 * undoes all steps.
 */
export function createJoin(parts: JoinParts): Join {
  const {
    registry,
    subscriptions,
    members,
    revocations,
    leaveChannel,
    removeFromChannel,
    announce,
    sendMembers,
    maxChannels,
  } = parts;
  return async (speaker, channel, admission) => {
    for (let tries = 1; tries <= maxTries; tries += 1) {
      const outcome = await join(speaker, channel, admission);
      if (outcome === 'left') return pongFrame;
      if (outcome !== 'undone') return outcome;
    }
    return refuseFrame('fault-in-subscribing');
  };

  async function join(speaker: Speaker, channel: string, { member, actsAs }: Admission): Promise<Outcome> {
    // A sign-in joins the user's own channel, which does not count against the limit.
    const limit = kindOf(channel) === 'user' ? Number.MAX_SAFE_INTEGER : maxChannels;
    const joining = await registry.join(speaker, channel, limit, actsAs);
    if (joining === 'away') return refuseFrame('connection-ended');
    if (joining === 'full') return refuseFrame('too-many-channels');
    if (joining === 'again' && member !== undefined) await leaveAsPreviousUser(speaker, channel, member);

    let outcome: Outcome | undefined;
    try {
      if (actsAs !== undefined && (await isRevoked(speaker, actsAs))) {
        return { ending: refuseFrame('revoked-user') };
      }
      const before = await subscriptions.add(channel, speaker, speaker.sentAt, member?.userId);
      if (member !== undefined && before?.userId === member.userId) outcome = await repeat(channel, member);
      outcome ??= member === undefined ? await confirm(speaker, channel) : await addMember(speaker, channel, member);
      return outcome;
    } finally {
      // After an exception too. Otherwise the next try finds the member present and does not announce it.
      const hasJoined = typeof outcome === 'object' && 'event' in outcome;
      if (!hasJoined) await undo(speaker, channel, member);
    }
  }

  /**
   * Asked once the user owns the connection. An earlier logout did not find the connection, so it is found here. PHP
   * may have signed for the user before the logout, so every logout since the handshake counts.
   */
  function isRevoked({ authorizedAt }: Speaker, userId: string): Promise<boolean> {
    return revocations.isRevokedSince([userOwner(userId)], authorizedAt);
  }

  async function confirm(speaker: Speaker, channel: string): Promise<Outcome> {
    return (await registry.holds(speaker, channel)) ? succeededFrame(channel) : whyNotHeld(speaker, channel);
  }

  async function addMember(speaker: Speaker, channel: string, member: Member): Promise<Outcome> {
    const { connectionId } = speaker;
    const isFirst = await members.join(channel, member, connectionId);
    const [present, isHeld, subscription] = await Promise.all([
      members.of(channel),
      registry.holds(speaker, channel),
      // A frame that has removed it since also removes a member who was there before, but not one who has just been
      // added.
      subscriptions.find(channel, speaker),
    ]);
    const isPresent = present.some(({ userId }) => userId === member.userId);
    if (!isHeld || !isPresent || subscription === undefined) return whyNotHeld(speaker, channel);
    const bytes = Buffer.byteLength(encodeFrame(presentFrame(channel, present)));
    const isFull = (isFirst && present.length > maxMembers) || bytes > maxFrameBytes;
    if (isFull) return refuseFrame('too-many-members');
    if (isFirst) await announce({ channel, userId: member.userId, member, connectionId });
    return sendMembers({ channel, connectionId, present });
  }

  /**
   * Answers a repeated subscription with the list of members. A subscription was there, and this or a newer one is
   * there now, so no older frame can remove the member. Undefined when the member is not present. The list is read once
   * and is the reply: posting it would let a client make the gateway post without a need. Only here a client can miss a
   * member: one whose announcement arrives in the milliseconds before the reply.
   */
  async function repeat(channel: string, member: Member): Promise<Frame | undefined> {
    const present = await members.of(channel);
    const list = presentFrame(channel, present);
    const isPresent = present.some((each) => isSame(each, member));
    return isPresent && Buffer.byteLength(encodeFrame(list)) <= maxFrameBytes ? list : undefined;
  }

  async function whyNotHeld(speaker: Speaker, channel: string): Promise<Outcome> {
    if (!(await registry.holds(speaker))) return refuseFrame('connection-ended');
    return (await subscriptions.find(channel, speaker)) === undefined ? 'left' : 'undone';
  }

  /** A second subscription of a connection replaces the first one and its user. */
  async function leaveAsPreviousUser(speaker: Speaker, channel: string, member: Member): Promise<void> {
    const before = await subscriptions.find(channel, speaker);
    if (before?.userId !== undefined && before.userId !== member.userId) await leaveChannel(channel, speaker);
  }

  /** Keeps what a newer frame has written. */
  async function undo(speaker: Speaker, channel: string, member: Member | undefined): Promise<void> {
    await removeFromChannel(speaker, channel, { userId: member?.userId, joinedBefore: speaker.sentAt + 1 });
  }
}

function isSame(a: Member, b: Member): boolean {
  return a.userId === b.userId && JSON.stringify(a.userInfo) === JSON.stringify(b.userInfo);
}

function succeededFrame(channel: string): Frame {
  return { event: 'pusher_internal:subscription_succeeded', data: '{}', channel };
}
