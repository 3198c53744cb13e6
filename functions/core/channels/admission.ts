import { socketIdOf } from '../connections/connection.ts';
import type { ConnectionRegistry } from '../connections/connection-registry.ts';
import type { Member } from '../connections/member.ts';
import { type Speaker, userOf } from '../frames/frame.ts';
import { fieldsOf } from '../json.ts';
import type { IsSigned } from '../keys/socket-signature.ts';
import { isRefusal, type Refusal, refuseFrame } from '../refusal.ts';
import { channelOfUser, kindOf, matchesAny } from './channel.ts';
import { isBig, readMember } from './presence.ts';

/** A client's request to subscribe or unsubscribe. */
export interface SubscriptionRequest {
  readonly channel: string;
  /** `KEY:hex`, from PHP's authorization endpoint. */
  readonly auth?: string | undefined;
  /** JSON, byte for byte as PHP signed it. */
  readonly channelData?: string | undefined;
}

export interface Admission {
  /** The member to add to a presence channel. */
  readonly member?: Member | undefined;
  /** The user that the connection acts as on the channel, if this is not the user of its session. */
  readonly actsAs?: string | undefined;
}

/**
 * Decides whether a client may join: by PHP's signature for this socket and channel, or by PHP's patterns for the user.
 */
export type Admit = (speaker: Speaker, request: SubscriptionRequest) => Promise<Admission | Refusal>;

export function createAdmission(isSigned: IsSigned, registry: Pick<ConnectionRegistry, 'signedInAs'>): Admit {
  return async (speaker, request) => {
    switch (kindOf(request.channel)) {
      case 'public':
        return {};
      case 'private':
      case 'encrypted':
        return matchesAny(request.channel, speaker.channels) || (await isSignedFor(speaker, request))
          ? {}
          : refuseFrame('not-allowed');
      case 'presence':
        return admitMember(speaker, request);
      case 'user':
        return admitUser(speaker, request.channel);
    }
  };

  async function admitMember(speaker: Speaker, request: SubscriptionRequest): Promise<Admission | Refusal> {
    const member = await findMember(speaker, request);
    if (member === undefined) return refuseFrame('not-allowed');
    if (isRefusal(member)) return member;
    return isBig(member) ? refuseFrame('big-member') : { member, ...actingAs(member.userId, speaker) };
  }

  /** PHP's signature for this channel takes precedence over the identity of the session. */
  async function findMember(speaker: Speaker, request: SubscriptionRequest): Promise<Member | Refusal | undefined> {
    if (await isSignedFor(speaker, request)) {
      return request.channelData === undefined ? registry.signedInAs(speaker) : readMember(request.channelData);
    }
    return matchesAny(request.channel, speaker.channels) ? userOf(speaker) : undefined;
  }

  async function admitUser(speaker: Speaker, channel: string): Promise<Admission | Refusal> {
    const ownsChannel = (user: Member) => channel === channelOfUser(user.userId);
    const sessionUser = userOf(speaker);
    if (sessionUser !== undefined && ownsChannel(sessionUser)) return {};
    const signedIn = await registry.signedInAs(speaker);
    if (signedIn === undefined || !ownsChannel(signedIn)) return refuseFrame('not-allowed');
    return actingAs(signedIn.userId, speaker);
  }

  function actingAs(userId: string, speaker: Speaker): Pick<Admission, 'actsAs'> {
    return userOf(speaker)?.userId === userId ? {} : { actsAs: userId };
  }

  async function isSignedFor(
    { connectionId }: Speaker,
    { channel, auth, channelData }: SubscriptionRequest,
  ): Promise<boolean> {
    if (auth === undefined) return false;
    const data = channelData === undefined ? '' : `:${channelData}`;
    return isSigned(auth, `${socketIdOf(connectionId)}:${channel}${data}`);
  }
}

export function readSubscriptionRequest(data: unknown): SubscriptionRequest | Refusal {
  const { channel, auth, channel_data: channelData } = fieldsOf(data);
  if (typeof channel !== 'string' || !isTextOrNone(auth) || !isTextOrNone(channelData))
    return refuseFrame('malformed-frame');
  return { channel, auth, channelData };
}

function isTextOrNone(value: unknown): value is string | undefined {
  return value === undefined || typeof value === 'string';
}
