import { isUserId } from '../handshake/identity.ts';

/**
 * What a channel is, by its name's prefix (https://pusher.com/docs/channels/using_channels/channels/#channel-types). A
 * `cache-` channel is one without a memory here: it is public, private or present by the rest of its name.
 */
export type ChannelKind = 'public' | 'private' | 'encrypted' | 'presence' | 'user';

/** Before the id of a user who has signed in: the channel of all his sockets. */
const userPrefix = '#server-to-user-';

const prefixes: readonly (readonly [string, ChannelKind])[] = [
  ['private-encrypted-', 'encrypted'],
  ['private-', 'private'],
  ['presence-', 'presence'],
  [userPrefix, 'user'],
];

/** The first that fits. What else begins with `#` is no channel's name. */
export function kindOf(channel: string): ChannelKind {
  return prefixes.find(([prefix]) => channel.startsWith(prefix))?.[1] ?? 'public';
}

/**
 * Pusher documents 164 characters
 * (https://pusher.com/docs/channels/using_channels/channels/#channel-naming-conventions); its Node library publishes up to
 * 200 (https://github.com/pusher/pusher-http-node/blob/master/lib/pusher.js), and who published must be heard.
 */
const maxNameLength = 200;
const name = /^[-A-Za-z0-9_=@,.;]+$/;

export function isChannelName(text: string): boolean {
  if (kindOf(text) === 'user') return isUserId(text.slice(userPrefix.length));
  return text.length <= maxNameLength && name.test(text);
}

export function channelOfUser(userId: string): string {
  return userPrefix + userId;
}

/** Whether one of these patterns, where a `*` at the end stands for anything, fits the channel. */
export function matchesAny(channel: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) =>
    pattern.endsWith('*') ? channel.startsWith(pattern.slice(0, -1)) : channel === pattern,
  );
}
