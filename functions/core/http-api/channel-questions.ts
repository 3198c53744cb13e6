import { isChannelName, kindOf } from '../channels/channel.ts';
import type { Subscriptions } from '../channels/subscriptions.ts';
import { forEachConcurrently } from '../concurrency.ts';
import { badRequest, type RequestFault } from './api-request.ts';
import { type ChannelCounts, type ChannelWorld, countFor, hasAttribute, readAttributes } from './channel-attributes.ts';

type Query = ReadonlyMap<string, string>;

/** How many channels are counted at once. */
const concurrency = 25;
/** Lambda answers 6 MB at most: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const maxAnswer = 5_500_000;

/** `GET /channels`: all that somebody is subscribed to. It reads the whole table. */
export async function listChannels(query: Query, world: ChannelWorld): Promise<string | RequestFault> {
  const prefix = query.get('filter_by_prefix') ?? '';
  const attributes = readAttributes(query.get('info') ?? null);
  if ('status' in attributes) return attributes;
  if (attributes.includes('subscription_count'))
    return badRequest('subscription_count is asked of one channel at a time.');
  if (attributes.length > 0 && kindOf(prefix) !== 'presence') {
    return badRequest('user_count needs a filter_by_prefix that begins with presence-.');
  }
  const names = new Set<string>();
  for await (const page of world.subscriptions.occupied()) {
    for (const name of page) if (name.startsWith(prefix)) names.add(name);
  }
  const channels = new Map<string, ChannelCounts>([...names].sort().map((name) => [name, {}]));
  await forEachConcurrently([attributes.length === 0 ? [] : [...names]], concurrency, async (name) => {
    channels.set(name, await countFor(name, attributes, world));
  });
  const answer = JSON.stringify({ channels: Object.fromEntries(channels) });
  if (answer.length > maxAnswer) return { status: 413, sentence: tooMany };
  return answer;
}

const tooMany = 'There are more channels than one answer can hold: ask with a longer filter_by_prefix.';

/** `GET /channels/{channel}`. */
export async function describeChannel(
  channel: string,
  query: Query,
  world: ChannelWorld,
): Promise<string | RequestFault> {
  if (!isChannelName(channel)) return noName;
  const attributes = readAttributes(query.get('info') ?? null);
  if ('status' in attributes) return attributes;
  const strange = attributes.find((attribute) => !hasAttribute(channel, attribute));
  if (strange === 'user_count') return badRequest('Only presence channels have a user_count.');
  if (strange !== undefined) return badRequest('Presence channels have no subscription_count, but a user_count.');
  const counts = await countFor(channel, attributes, world);
  const [count] = Object.values(counts);
  const occupied = count === undefined ? await isOccupied(channel, world.subscriptions) : count > 0;
  return JSON.stringify({ occupied, ...counts });
}

/** `GET /channels/{channel}/users`. */
export async function listUsers(channel: string, { members }: ChannelWorld): Promise<string | RequestFault> {
  if (!isChannelName(channel)) return noName;
  if (kindOf(channel) !== 'presence') return badRequest('Only presence channels know their users.');
  const users = await members.of(channel);
  return JSON.stringify({ users: users.map(({ userId }) => ({ id: userId })) });
}

const noName = badRequest('This is no name of a channel.');

async function isOccupied(channel: string, subscriptions: Subscriptions): Promise<boolean> {
  // One row is enough; a page may be empty although another follows.
  let page = await subscriptions.page(channel, { limit: 1 });
  while (page.subscribers.length === 0 && page.next !== undefined) {
    page = await subscriptions.page(channel, { after: page.next, limit: 100 });
  }
  return page.subscribers.length > 0;
}
