import type { Fields } from '../json.ts';

/** The user of a session, as PHP describes them. Every field may be missing. */
export interface Identity {
  readonly userId?: string | undefined;
  /** For presence channels; a JSON object. */
  readonly userInfo?: object | undefined;
  /** Patterns of channels that the user may join without a signature: `private-orders-42`, `presence-room-*`. */
  readonly channels?: readonly string[] | undefined;
  /** When the session ends, in epoch seconds. */
  readonly expiresAt?: number | undefined;
}

/** Why an identity is invalid. The text follows after "it answered with". */
export interface IdentityFault {
  readonly fault: string;
}

/** API Gateway passes the identity to later events, and carries 8 KB in all. These limits leave room for the rest. */
const maxUserIdLength = 128;
const maxUserInfoBytes = 2048;
const maxChannels = 100;

const unprintable = /[\p{Cc}\p{Cs}]/u;
/**
 * Pusher's names, 164 characters in all:
 * https://pusher.com/docs/channels/using_channels/channels/#channel-naming-conventions
 */
const channelPattern = /^(private|presence)-[A-Za-z0-9_=@,.;-]*\*?$/;
const maxChannelLength = 164;
/** Larger numbers are milliseconds. Read as seconds, they would keep a session open forever. */
const maxEpochSeconds = 100_000_000_000;

/**
 * Rebuilds the identity field by field and ignores unknown fields. As in PHP, null means absent, and an empty list
 * means an empty object where an object is expected.
 */
export function parseIdentity(value: Fields): Identity | IdentityFault {
  const [userId, channels, expiresAt] = [
    value['userId'] ?? undefined,
    value['channels'] ?? undefined,
    value['expiresAt'] ?? undefined,
  ];
  const userInfo = readObject(value['userInfo']);
  if (userId !== undefined && !isUserId(userId)) {
    return { fault: `a userId that is not text of 1 to ${maxUserIdLength} characters, all of them printable` };
  }
  if (userInfo !== undefined && !isObject(userInfo, maxUserInfoBytes)) {
    return { fault: `a userInfo that is not an object of at most ${maxUserInfoBytes} bytes` };
  }
  if (channels !== undefined && !areChannels(channels)) {
    return { fault: `channels that are not at most ${maxChannels} names of private- or presence- channels` };
  }
  if (channels?.some(isPresence) && userId === undefined) return { fault: 'presence channels but no userId' };
  if (expiresAt !== undefined && !isEpochSeconds(expiresAt))
    return { fault: 'an expiresAt that is not in epoch seconds' };
  return { userId, userInfo, channels, expiresAt };
}

export function isUserId(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= maxUserIdLength && !unprintable.test(value);
}

function areChannels(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length <= maxChannels && value.every(isChannelPattern);
}

function isChannelPattern(value: unknown): boolean {
  return typeof value === 'string' && value.length <= maxChannelLength && channelPattern.test(value);
}

function isPresence(pattern: string): boolean {
  return pattern.startsWith('presence-');
}

export function isEpochSeconds(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) > 0 && Number(value) < maxEpochSeconds;
}

/** PHP encodes an empty object and an empty list as `[]`, and a variable that is not set as null. */
export function readObject(value: unknown): unknown {
  if (value === null) return undefined;
  return Array.isArray(value) && value.length === 0 ? {} : value;
}

/** A JSON object, not a list, of at most `maxBytes`. */
export function isObject(value: unknown, maxBytes: number): value is object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Buffer.byteLength(JSON.stringify(value)) <= maxBytes;
}
