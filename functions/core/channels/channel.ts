import { isUserId } from '../handshake/identity.ts';

/**
 * The kind of a channel, by the prefix of its name
 * (https://pusher.com/docs/channels/using_channels/channels/#channel-types). A `cache-` channel has no cache here: it
 * is public, private or presence by the rest of its name.
 */
export type ChannelKind = 'public' | 'private' | 'encrypted' | 'presence' | 'user';

/** With the id of a signed-in user after it: the channel of all sockets of this user. */
const userPrefix = '#server-to-user-';

const prefixes: readonly (readonly [string, ChannelKind])[] = [
  ['private-encrypted-', 'encrypted'],
  ['private-', 'private'],
  ['presence-', 'presence'],
  [userPrefix, 'user'],
];

/** The first matching prefix decides. No other name may begin with `#`. */
export function kindOf(channel: string): ChannelKind {
  return prefixes.find(([prefix]) => channel.startsWith(prefix))?.[1] ?? 'public';
}

/**
 * Pusher documents 164 characters
 * (https://pusher.com/docs/channels/using_channels/channels/#channel-naming-conventions). Its Node library publishes to
 * names of up to 200 (https://github.com/pusher/pusher-http-node/blob/master/lib/pusher.js), and clients must be able
 * to join these channels.
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

/** Whether a pattern matches the channel. A `*` at the end matches any characters. */
export function matchesAny(channel: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) =>
    pattern.endsWith('*') ? channel.startsWith(pattern.slice(0, -1)) : channel === pattern,
  );
}
