import type { Admit, Wish } from './admission.ts';
import type { Publish } from './broadcast.ts';
import { isChannelName } from './channel.ts';
import type { ConnectionRegistry } from './connection-registry.ts';
import { fieldsOf } from './fields.ts';
import { encodeFrame, errorFrame, type Frame, pongFrame, subscriptionErrorFrame } from './frame.ts';
import { refuseFrame } from './frame-refusal.ts';
import type { Members } from './members.ts';
import type { Part } from './part.ts';
import { maxMembers, memberAddedFrame, presentFrame } from './presence.ts';
import { isRefusal, type Refusal } from './refusal.ts';
import type { Speaker } from './speaker.ts';
import type { Member, Subscriptions } from './subscriptions.ts';

export interface SubscribeWorld {
  readonly registry: Pick<ConnectionRegistry, 'join' | 'part' | 'holds'>;
  readonly subscriptions: Pick<Subscriptions, 'add' | 'find'>;
  readonly members: Pick<Members, 'join' | 'of'>;
  readonly admit: Admit;
  readonly part: Part;
  readonly publish: Publish;
  /** Most channels of one connection. */
  readonly maxChannels: number;
}

/** API Gateway's for one message (https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html). */
const maxFrameBytes = 128 * 1024;

/**
 * Joins a channel. The connection's row takes its name first, if it may, then the subscription is written, then the user is
 * present, then the others hear of it. Who has left or was revoked by then finds out at the end, and undoes it all.
 */
export function createSubscribe(world: SubscribeWorld) {
  const { registry, subscriptions, members, admit, part, publish, maxChannels } = world;
  return async (speaker: Speaker, { data }: Frame): Promise<Frame> => {
    const wish = readWish(data);
    if (isRefusal(wish)) return errorFrame(wish);
    const { channel } = wish;
    const outcome = await subscribe(speaker, wish);
    return isRefusal(outcome) ? subscriptionErrorFrame(channel, outcome) : outcome;
  };

  async function subscribe(speaker: Speaker, wish: Wish): Promise<Frame | Refusal> {
    const { channel } = wish;
    if (!isChannelName(channel)) return refuseFrame('bad-channel-name');
    const admission = await admit(speaker, wish);
    if (isRefusal(admission)) return admission;
    const joining = await registry.join(speaker, channel, maxChannels);
    if (joining === 'away') return refuseFrame('connection-ended');
    if (joining === 'full') return refuseFrame('too-many-channels');
    const { member } = admission;
    if (joining === 'again' && member !== undefined) await leaveAsAnother(speaker, channel, member);

    await subscriptions.add(channel, speaker, member?.userId);
    if (member !== undefined) return enter(speaker, channel, member);
    if (await registry.holds(speaker)) return succeededFrame(channel);
    await undo(speaker, channel);
    return refuseFrame('connection-ended');
  }

  async function enter(speaker: Speaker, channel: string, member: Member): Promise<Frame | Refusal> {
    let outcome: Frame | Refusal | undefined;
    try {
      outcome = await appear(speaker, channel, member);
      return outcome;
    } finally {
      // After a fault too: the next try would find the user present, and nobody would ever hear of him.
      if (outcome === undefined || isRefusal(outcome)) await undo(speaker, channel, member.userId);
    }
  }

  async function appear(speaker: Speaker, channel: string, member: Member): Promise<Frame | Refusal> {
    const { connectionId } = speaker;
    const isFirst = await members.join(channel, member, connectionId);
    const [present, isHeld] = await Promise.all([members.of(channel), registry.holds(speaker)]);
    if (!isHeld) return refuseFrame('connection-ended');
    const frame = presentFrame(channel, present);
    const isCrowded = (isFirst && present.length > maxMembers) || Buffer.byteLength(encodeFrame(frame)) > maxFrameBytes;
    if (isCrowded) return refuseFrame('too-many-members');
    if (isFirst)
      await publish({ channel, frame: encodeFrame(memberAddedFrame(channel, member)), except: connectionId });
    return frame;
  }

  /** A second subscription of one connection takes the place of the first, and so does its user. */
  async function leaveAsAnother(speaker: Speaker, channel: string, member: Member): Promise<void> {
    const before = await subscriptions.find(channel, speaker);
    if (before?.userId !== undefined && before.userId !== member.userId) await part(channel, speaker);
  }

  async function undo(speaker: Speaker, channel: string, userId?: string): Promise<void> {
    await part(channel, speaker, userId);
    await registry.part(speaker, channel);
  }
}

/** Leaves a channel, joined or not. Pusher has no answer to that. */
export function createUnsubscribe({ registry, part }: Pick<SubscribeWorld, 'registry' | 'part'>) {
  return async (speaker: Speaker, { data }: Frame): Promise<Frame> => {
    const wish = readWish(data);
    if (isRefusal(wish)) return errorFrame(wish);
    // The row last: who is stopped in between still has it on his list of what to leave.
    if (isChannelName(wish.channel)) {
      await part(wish.channel, speaker);
      await registry.part(speaker, wish.channel);
    }
    return pongFrame;
  };
}

function readWish(data: unknown): Wish | Refusal {
  const { channel, auth, channel_data: channelData } = fieldsOf(data);
  if (typeof channel !== 'string' || !isTextOrNone(auth) || !isTextOrNone(channelData))
    return refuseFrame('malformed-frame');
  return { channel, auth, channelData };
}

function isTextOrNone(value: unknown): value is string | undefined {
  return value === undefined || typeof value === 'string';
}

function succeededFrame(channel: string): Frame {
  return { event: 'pusher_internal:subscription_succeeded', data: '{}', channel };
}
