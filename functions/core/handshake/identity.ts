import type { Fields } from '../json.ts';

/** What PHP says of the user of a session; every field may be missing. */
export interface Identity {
  readonly userId?: string | undefined;
  /** For presence channels; a JSON object. */
  readonly userInfo?: object | undefined;
  /** Patterns of channels that the user may join without a signature: `private-orders-42`, `presence-room-*`. */
  readonly channels?: readonly string[] | undefined;
  /** When the session ends, in epoch seconds. */
  readonly expiresAt?: number | undefined;
}

/** What is wrong with an identity, to follow after "it answered with". */
export interface IdentityFault {
  readonly fault: string;
}

/** All of it reaches later events through API Gateway, which carries 8 KB; these leave room for the rest. */
const maxUserIdLength = 128;
const maxUserInfoBytes = 2048;
const maxChannels = 100;

const unprintable = /[\p{Cc}\p{Cs}]/u;
/** Pusher's names, 164 characters in all: https://pusher.com/docs/channels/using_channels/channels/#channel-naming-conventions */
const channelPattern = /^(private|presence)-[A-Za-z0-9_=@,.;-]*\*?$/;
const maxChannelLength = 164;
/** Larger numbers are milliseconds, with which a session would never end. */
const maxEpochSeconds = 100_000_000_000;

/**
 * Rebuilt field by field; what is not known is left behind. As PHP writes it: null is absent, and an empty list is an empty
 * object where one is expected.
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

/** For PHP an empty object and an empty list are the same `[]`, and null is a variable that is not set. */
export function readObject(value: unknown): unknown {
  if (value === null) return undefined;
  return Array.isArray(value) && value.length === 0 ? {} : value;
}

/** An object of JSON, not a list, of at most so many bytes. */
export function isObject(value: unknown, maxBytes: number): value is object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Buffer.byteLength(JSON.stringify(value)) <= maxBytes;
}
