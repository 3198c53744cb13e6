import { kindOf } from '../channels/channel.ts';
import type { Members } from '../channels/members.ts';
import type { Subscriptions } from '../channels/subscriptions.ts';
import { badRequest, type RequestFault } from './api-request.ts';

const known = ['user_count', 'subscription_count'] as const;

/** What PHP may ask about a channel: https://pusher.com/docs/channels/library_auth_reference/rest-api/#get-channel */
export type Attribute = (typeof known)[number];
export type ChannelCounts = Partial<Record<Attribute, number>>;

export interface ChannelWorld {
  readonly subscriptions: Subscriptions;
  readonly members: Members;
}

/** @param text names with commas between them; null when nothing is asked for */
export function readAttributes(text: unknown): readonly Attribute[] | RequestFault {
  if (text === null || text === '') return [];
  const names = typeof text === 'string' ? text.split(',') : [undefined];
  const attributes = names.flatMap((name) => known.find((each) => each === name) ?? []);
  if (attributes.length < names.length) return badRequest(`What info can name is ${known.join(' and ')}.`);
  return attributes;
}

/** Users are counted where they are known, on presence channels; subscriptions on the others, as by Pusher. */
export function hasAttribute(channel: string, attribute: Attribute): boolean {
  return (kindOf(channel) === 'presence') === (attribute === 'user_count');
}

/** Attributes that the channel has not are left out. */
export async function countFor(
  channel: string,
  attributes: readonly Attribute[],
  { subscriptions, members }: ChannelWorld,
): Promise<ChannelCounts> {
  const [asked] = attributes.filter((attribute) => hasAttribute(channel, attribute));
  if (asked === undefined) return {};
  if (asked === 'user_count') return { user_count: (await members.of(channel)).length };
  return { subscription_count: await subscriptions.count(channel) };
}
