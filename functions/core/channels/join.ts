import { userOwner } from '../connections/connection.ts';
import type { ConnectionRegistry } from '../connections/connection-registry.ts';
import type { Member } from '../connections/member.ts';
import type { Revocations } from '../connections/revocations.ts';
import { type Ending, encodeFrame, type Frame, pongFrame } from '../frames/frame.ts';
import type { Speaker } from '../frames/speaker.ts';
import { type Refusal, refuseFrame } from '../refusal.ts';
import type { Admission } from './admission.ts';
import { kindOf } from './channel.ts';
import type { LeaveChannel, TakeOff } from './leave.ts';
import type { Members } from './members.ts';
import { type Announce, maxMembers, presentFrame, type SendMembers } from './presence.ts';
import type { Subscriptions } from './subscriptions.ts';

export interface JoinParts {
  readonly registry: Pick<ConnectionRegistry, 'join' | 'holds'>;
  readonly subscriptions: Pick<Subscriptions, 'add' | 'find'>;
  readonly members: Pick<Members, 'join' | 'of'>;
  readonly revocations: Pick<Revocations, 'isRevokedSince'>;
  readonly leaveChannel: LeaveChannel;
  readonly takeOff: TakeOff;
  readonly announce: Announce;
  readonly sendMembers: SendMembers;
  /** Most channels of one connection. */
  readonly maxChannels: number;
}

/** `parted`: an older frame has taken part of it away in the meantime. `left`: a younger one has taken it off the channel. */
type Outcome = Frame | Ending | Refusal | 'parted' | 'left';

/** API Gateway's for one message (https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html). */
const maxFrameBytes = 128 * 1024;

/** An older frame may take it off again while it joins; not for ever. */
const maxTries = 3;

/** Joins a channel that the connection is allowed to join. */
export type Join = (speaker: Speaker, channel: string, admission: Admission) => Promise<Frame | Ending | Refusal>;

/**
 * Joins a channel. The connection's row takes its name first, if it may, then the subscription is written, then the user is
 * present, then the others hear of it. Who has left or was revoked by then finds out before that, and undoes it all.
 */
export function createJoin(parts: JoinParts): Join {
  const { registry, subscriptions, members, revocations, leaveChannel, takeOff, announce, sendMembers, maxChannels } =
    parts;
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
      if (actsAs !== undefined && (await isRevoked(speaker, actsAs))) {
        return { ending: refuseFrame('revoked-user') };
      }
      const before = await subscriptions.add(channel, speaker, speaker.sentAt, member?.userId);
      if (member !== undefined && before?.userId === member.userId) outcome = await repeat(channel, member);
      outcome ??= member === undefined ? await confirm(speaker, channel) : await appear(speaker, channel, member);
      return outcome;
    } finally {
      // After a fault too: the next try would find the user present, and nobody would ever hear of him.
      const isIn = typeof outcome === 'object' && 'event' in outcome;
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
    return sendMembers({ channel, connectionId, present });
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
    if (before?.userId !== undefined && before.userId !== member.userId) await leaveChannel(channel, speaker);
  }

  /** And nothing that a younger frame has done. */
  async function undo(speaker: Speaker, channel: string, member: Member | undefined): Promise<void> {
    await takeOff(speaker, channel, { userId: member?.userId, joinedBefore: speaker.sentAt + 1 });
  }
}

function isSame(a: Member, b: Member): boolean {
  return a.userId === b.userId && JSON.stringify(a.userInfo) === JSON.stringify(b.userInfo);
}

function succeededFrame(channel: string): Frame {
  return { event: 'pusher_internal:subscription_succeeded', data: '{}', channel };
}
