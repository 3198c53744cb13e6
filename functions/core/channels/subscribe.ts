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
  subscriptionErrorFrame,
} from '../frames/frame.ts';
import type { Limit } from '../frames/rate-limit.ts';
import type { Speaker } from '../frames/speaker.ts';
import { fieldsOf } from '../json.ts';
import { isRefusal, type Refusal, refuseFrame } from '../refusal.ts';
import type { Admission, Admit, Wish } from './admission.ts';
import type { Announce } from './announce.ts';
import { isChannelName, kindOf } from './channel.ts';
import type { Members } from './members.ts';
import type { Part, Parting } from './part.ts';
import { maxMembers, presentFrame } from './presence.ts';
import type { Subscriptions } from './subscriptions.ts';
import type { TellPresent } from './tell-present.ts';

export interface JoinWorld {
  readonly registry: Pick<ConnectionRegistry, 'join' | 'part' | 'holds'>;
  readonly subscriptions: Pick<Subscriptions, 'add' | 'find'>;
  readonly members: Pick<Members, 'join' | 'of'>;
  readonly revocations: Pick<Revocations, 'isRevokedSince'>;
  readonly part: Part;
  readonly announce: Announce;
  readonly tellPresent: TellPresent;
  /** Most channels of one connection. */
  readonly maxChannels: number;
}

/** `parted`: an older frame has taken part of it away in the meantime. `left`: a younger one has taken it off the channel. */
type Outcome = Frame | Refusal | 'parted' | 'left';

/** API Gateway's for one message (https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html). */
const maxFrameBytes = 128 * 1024;

/** An older frame may take it off again while it joins; not for ever. */
const maxTries = 3;

/** Joins a channel that the connection is allowed to join. */
export type Join = (speaker: Speaker, channel: string, admission: Admission) => Promise<Frame | Refusal>;

/**
 * Answers `pusher:subscribe`.
 * @param limit of wishes to join a presence channel, of which each may be announced to all of its members
 */
export function createSubscribe(admit: Admit, limit: Limit, join: Join) {
  return async (speaker: Speaker, { data }: Frame): Promise<Frame | Ending> => {
    const wish = readWish(data);
    if (isRefusal(wish)) return errorFrame(wish);
    const { channel } = wish;
    const outcome = await subscribe(speaker, wish);
    if (!isRefusal(outcome)) return outcome;
    return outcome.refused === 'revoked-user' ? { ending: outcome } : subscriptionErrorFrame(channel, outcome);
  };

  async function subscribe(speaker: Speaker, wish: Wish): Promise<Frame | Refusal> {
    if (!isChannelName(wish.channel)) return refuseFrame('bad-channel-name');
    const tooMuch = kindOf(wish.channel) === 'presence' ? await limit(speaker) : undefined;
    if (tooMuch !== undefined) return refuseFrame(tooMuch);
    const admission = await admit(speaker, wish);
    return isRefusal(admission) ? admission : join(speaker, wish.channel, admission);
  }
}

/**
 * Joins a channel. The connection's row takes its name first, if it may, then the subscription is written, then the user is
 * present, then the others hear of it. Who has left or was revoked by then finds out before that, and undoes it all.
 */
export function createJoin(world: JoinWorld): Join {
  const { registry, subscriptions, members, revocations, part, announce, tellPresent, maxChannels } = world;
  return async (speaker, channel, admission) => {
    for (let tries = 1; tries <= maxTries; tries += 1) {
      const outcome = await join(speaker, channel, admission);
      if (outcome === 'left') return pongFrame;
      if (outcome !== 'parted') return outcome;
    }
    return refuseFrame('fault-in-subscribing');
  };

  async function join(speaker: Speaker, channel: string, { member, actsAs }: Admission): Promise<Outcome> {
    // A sign-in joins the user's own channel, one more than the client asked for.
    const limit = kindOf(channel) === 'user' ? Number.MAX_SAFE_INTEGER : maxChannels;
    const joining = await registry.join(speaker, channel, limit, actsAs);
    if (joining === 'away') return refuseFrame('connection-ended');
    if (joining === 'full') return refuseFrame('too-many-channels');
    if (joining === 'again' && member !== undefined) await leaveAsAnother(speaker, channel, member);

    let outcome: Outcome | undefined;
    try {
      if (actsAs !== undefined && (await isRevoked(speaker, actsAs))) return refuseFrame('revoked-user');
      const before = await subscriptions.add(channel, speaker, speaker.saidAt, member?.userId);
      if (member !== undefined && before?.userId === member.userId) outcome = await repeat(channel, member);
      outcome ??= member === undefined ? await confirm(speaker, channel) : await appear(speaker, channel, member);
      return outcome;
    } finally {
      // After a fault too: the next try would find the user present, and nobody would ever hear of him.
      const isIn = outcome !== undefined && typeof outcome !== 'string' && !isRefusal(outcome);
      if (!isIn) await undo(speaker, channel, member);
    }
  }

  /**
   * After the connection's owners name the user: a logout before that did not find the connection, and is found here. PHP may have signed
   * for the user before the logout, so every logout since the handshake counts.
   */
  function isRevoked({ authorizedAt }: Speaker, userId: string): Promise<boolean> {
    return revocations.isRevokedSince([userOwner(userId)], authorizedAt);
  }

  async function confirm(speaker: Speaker, channel: string): Promise<Outcome> {
    return (await registry.holds(speaker, channel)) ? succeededFrame(channel) : whyNotHeld(speaker, channel);
  }

  async function appear(speaker: Speaker, channel: string, member: Member): Promise<Outcome> {
    const { connectionId } = speaker;
    const isFirst = await members.join(channel, member, connectionId);
    const [present, isHeld, subscription] = await Promise.all([
      members.of(channel),
      registry.holds(speaker, channel),
      // Who has removed it since takes the user away when he was there already, and not when he came just now.
      subscriptions.find(channel, speaker),
    ]);
    const isPresent = present.some(({ userId }) => userId === member.userId);
    if (!isHeld || !isPresent || subscription === undefined) return whyNotHeld(speaker, channel);
    const bytes = Buffer.byteLength(encodeFrame(presentFrame(channel, present)));
    const isCrowded = (isFirst && present.length > maxMembers) || bytes > maxFrameBytes;
    if (isCrowded) return refuseFrame('too-many-members');
    if (isFirst) await announce({ channel, userId: member.userId, member, connectionId });
    return tellPresent({ channel, connectionId, present });
  }

  /**
   * The list again, where its client was on the channel already and nothing about it has changed. There was a subscription,
   * and this one or a younger one is there now, so no older frame takes the user away any more. Undefined where the user is not there after all.
   * The list is read once and is the reply, because everything else would be a way to have the gateway post for nothing. Only here a client can
   * miss somebody: who comes within the milliseconds before the reply is sent, and is told first.
   */
  async function repeat(channel: string, member: Member): Promise<Frame | undefined> {
    const present = await members.of(channel);
    const list = presentFrame(channel, present);
    const isThere = present.some((each) => isSame(each, member));
    return isThere && Buffer.byteLength(encodeFrame(list)) <= maxFrameBytes ? list : undefined;
  }

  async function whyNotHeld(speaker: Speaker, channel: string): Promise<Outcome> {
    if (!(await registry.holds(speaker))) return refuseFrame('connection-ended');
    return (await subscriptions.find(channel, speaker)) === undefined ? 'left' : 'parted';
  }

  /** A second subscription of one connection takes the place of the first, and so does its user. */
  async function leaveAsAnother(speaker: Speaker, channel: string, member: Member): Promise<void> {
    const before = await subscriptions.find(channel, speaker);
    if (before?.userId !== undefined && before.userId !== member.userId) await part(channel, speaker);
  }

  /** And nothing that a younger frame has done. */
  async function undo(speaker: Speaker, channel: string, member: Member | undefined): Promise<void> {
    await takeOff(speaker, channel, { userId: member?.userId, joinedBefore: speaker.saidAt + 1 }, world);
  }
}

/**
 * Leaves a channel, joined or not. Pusher has no answer to that. A page that leaves a channel and joins it again says both at once,
 * and the second may be done first: it stays.
 */
export function createUnsubscribe(world: TakeOffWorld) {
  return async (speaker: Speaker, { data }: Frame): Promise<Frame> => {
    const wish = readWish(data);
    if (isRefusal(wish)) return errorFrame(wish);
    const { channel } = wish;
    if (isChannelName(channel)) await takeOff(speaker, channel, { joinedBefore: speaker.saidAt }, world);
    return pongFrame;
  };
}

type TakeOffWorld = Pick<JoinWorld, 'registry' | 'part'> & { readonly subscriptions: Pick<Subscriptions, 'find'> };

/** The row last: who is stopped in between still has the channel on his list of what to leave. */
async function takeOff(
  speaker: Speaker,
  channel: string,
  parting: Parting,
  { registry, part, subscriptions }: TakeOffWorld,
): Promise<void> {
  if (!(await part(channel, speaker, parting))) return;
  await registry.part(speaker, channel);
  if ((await subscriptions.find(channel, speaker)) === undefined) return;
  // A younger frame has joined in between, and would be missing on that list.
  const joining = await registry.join(speaker, channel, Number.MAX_SAFE_INTEGER);
  if (joining === 'away') await part(channel, speaker);
}

function readWish(data: unknown): Wish | Refusal {
  const { channel, auth, channel_data: channelData } = fieldsOf(data);
  if (typeof channel !== 'string' || !isTextOrNone(auth) || !isTextOrNone(channelData))
    return refuseFrame('malformed-frame');
  return { channel, auth, channelData };
}

function isSame(a: Member, b: Member): boolean {
  return a.userId === b.userId && JSON.stringify(a.userInfo) === JSON.stringify(b.userInfo);
}

function isTextOrNone(value: unknown): value is string | undefined {
  return value === undefined || typeof value === 'string';
}

function succeededFrame(channel: string): Frame {
  return { event: 'pusher_internal:subscription_succeeded', data: '{}', channel };
}
