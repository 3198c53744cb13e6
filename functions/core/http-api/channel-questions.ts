import { isChannelName, kindOf } from '../channels/channel.ts';
import type { Members } from '../channels/members.ts';
import type { Subscriptions } from '../channels/subscriptions.ts';
import { forEachConcurrently } from '../concurrency.ts';
import { badRequest, type RequestFault } from './api-request.ts';

const known = ['user_count', 'subscription_count'] as const;

/**
 * Attributes of a channel that PHP may ask for:
 * https://pusher.com/docs/channels/library_auth_reference/rest-api/#get-channel
 */
export type Attribute = (typeof known)[number];
export type ChannelCounts = Partial<Record<Attribute, number>>;

type Query = ReadonlyMap<string, string>;

/** The maximum number of channels that are counted at once. */
const concurrency = 25;
/**
 * Characters. A Lambda answer has at most 6 MB: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
const maxAnswer = 5_500_000;

/** `GET /channels`: all channels with subscriptions. It reads the whole table. */
export async function listChannels(
  query: Query,
  subscriptions: Subscriptions,
  members: Members,
): Promise<string | RequestFault> {
  const prefix = query.get('filter_by_prefix') ?? '';
  const attributes = readAttributes(query.get('info') ?? null);
  if ('status' in attributes) return attributes;
  if (attributes.includes('subscription_count'))
    return badRequest('subscription_count is available for one channel at a time.');
  if (attributes.length > 0 && kindOf(prefix) !== 'presence') {
    return badRequest('user_count needs a filter_by_prefix that begins with presence-.');
  }
  const names = new Set<string>();
  for await (const page of subscriptions.occupied()) {
    for (const name of page) if (name.startsWith(prefix)) names.add(name);
  }
  const channels = new Map<string, ChannelCounts>([...names].sort().map((name) => [name, {}]));
  await forEachConcurrently([attributes.length === 0 ? [] : [...names]], concurrency, async (name) => {
    channels.set(name, await countFor(name, attributes, subscriptions, members));
  });
  const answer = JSON.stringify({ channels: Object.fromEntries(channels) });
  if (answer.length > maxAnswer) return { status: 413, sentence: tooMany };
  return answer;
}

const tooMany = 'The list of channels is too long for one answer. Use a longer filter_by_prefix.';

/** `GET /channels/{channel}`. */
export async function describeChannel(
  channel: string,
  query: Query,
  subscriptions: Subscriptions,
  members: Members,
): Promise<string | RequestFault> {
  if (!isChannelName(channel)) return noName;
  const attributes = readAttributes(query.get('info') ?? null);
  if ('status' in attributes) return attributes;
  const unsupported = attributes.find((attribute) => !hasAttribute(channel, attribute));
  if (unsupported === 'user_count') return badRequest('Only presence channels have a user_count.');
  if (unsupported !== undefined) return badRequest('Presence channels have a user_count, but no subscription_count.');
  const counts = await countFor(channel, attributes, subscriptions, members);
  const [count] = Object.values(counts);
  const occupied = count === undefined ? await isOccupied(channel, subscriptions) : count > 0;
  return JSON.stringify({ occupied, ...counts });
}

/** `GET /channels/{channel}/users`. */
export async function listUsers(channel: string, members: Members): Promise<string | RequestFault> {
  if (!isChannelName(channel)) return noName;
  if (kindOf(channel) !== 'presence') return badRequest('Only presence channels have a list of users.');
  const users = await members.of(channel);
  return JSON.stringify({ users: users.map(({ userId }) => ({ id: userId })) });
}

const noName = badRequest('This is not a valid channel name.');

/** @param text names, separated by commas; null when there are none */
export function readAttributes(text: unknown): readonly Attribute[] | RequestFault {
  if (text === null || text === '') return [];
  const names = typeof text === 'string' ? text.split(',') : [undefined];
  const attributes = names.flatMap((name) => known.find((each) => each === name) ?? []);
  if (attributes.length < names.length) return badRequest(`info may only contain ${known.join(' and ')}.`);
  return attributes;
}

/** Leaves out attributes that the channel does not have. */
export async function countFor(
  channel: string,
  attributes: readonly Attribute[],
  subscriptions: Subscriptions,
  members: Members,
): Promise<ChannelCounts> {
  const [attribute] = attributes.filter((each) => hasAttribute(channel, each));
  if (attribute === undefined) return {};
  if (attribute === 'user_count') return { user_count: (await members.of(channel)).length };
  return { subscription_count: await subscriptions.count(channel) };
}

/** Like Pusher, presence channels have a user count, and other channels a subscription count. */
function hasAttribute(channel: string, attribute: Attribute): boolean {
  return (kindOf(channel) === 'presence') === (attribute === 'user_count');
}

async function isOccupied(channel: string, subscriptions: Subscriptions): Promise<boolean> {
  // One row is enough; a page may be empty although another follows.
  let page = await subscriptions.page(channel, { limit: 1 });
  while (page.subscribers.length === 0 && page.next !== undefined) {
    page = await subscriptions.page(channel, { after: page.next, limit: 100 });
  }
  return page.subscribers.length > 0;
}
