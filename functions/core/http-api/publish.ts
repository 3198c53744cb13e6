import { createHash } from 'node:crypto';
import { isChannelName } from '../channels/channel.ts';
import type { Members } from '../channels/members.ts';
import type { Subscriptions } from '../channels/subscriptions.ts';
import { connectionIdOf } from '../connections/connection.ts';
import type { BroadcastReport } from '../delivery/broadcast.ts';
import type { Broadcaster } from '../delivery/broadcaster.ts';
import { encodeFrame } from '../frames/frame.ts';
import { type Fields, fieldsIn, isFields } from '../json.ts';
import { badRequest, type RequestFault } from './api-request.ts';
import { type Attribute, type ChannelCounts, countFor, readAttributes } from './channel-questions.ts';

/** An event as PHP publishes it. */
export interface PublishedEvent {
  readonly name: string;
  /** Handed on as it is: who wrote it and who reads it agree on what it means. */
  readonly data: string;
  /** Each once. */
  readonly channels: readonly string[];
  /** The connection that is left out; undefined as well when no connection can have the socket id. */
  readonly except: string | undefined;
  /** What the publisher wants to know of the channels. */
  readonly info: readonly Attribute[];
}

/** Pusher's limits: https://pusher.com/docs/channels/library_auth_reference/rest-api/#post-events */
const maxDataBytes = 10_240;
const maxChannels = 100;
const maxBatch = 10;
/** As Pusher's libraries check it; PHP's names of classes have backslashes, so any character may be in it. */
const maxNameLength = 200;
/** Clients take such an event for one of the protocol: it could end a connection, or forge who is present. */
const reserved = /^pusher(_internal)?:/;

/** The body of `POST /events`. */
export function readEvent(body: Buffer): PublishedEvent | RequestFault {
  const fields = fieldsIn(body.toString('utf8'));
  if (fields === undefined) return badRequest('The body is not a JSON object.');
  const { channel, channels } = fields;
  if ((channel === undefined) === (channels === undefined)) {
    return badRequest('An event has either channel, a string, or channels, a list of strings.');
  }
  return readFields(fields, channels ?? [channel]);
}

/** The body of `POST /batch_events`; one bad event, and none is published. */
export function readBatch(body: Buffer): readonly PublishedEvent[] | RequestFault {
  const batch = fieldsIn(body.toString('utf8'))?.['batch'];
  if (!Array.isArray(batch)) return badRequest('The body is not a JSON object with a list named batch.');
  if (batch.length > maxBatch) return badRequest(`Batch too large (${batch.length} > ${maxBatch}).`);
  const events: PublishedEvent[] = [];
  for (const [index, fields] of batch.entries()) {
    if (!isFields(fields)) return badRequest(`Event ${index} of the batch is not a JSON object.`);
    if (fields['channels'] !== undefined)
      return badRequest(`Event ${index} of the batch has channels: it is one channel.`);
    const event = readFields(fields, [fields['channel']]);
    if ('status' in event) return { ...event, sentence: `Event ${index} of the batch: ${event.sentence}` };
    events.push(event);
  }
  return events;
}

function readFields(fields: Fields, channels: unknown): PublishedEvent | RequestFault {
  const { name, data, socket_id: socketId = null, info = null } = fields;
  if (typeof name !== 'string' || name === '' || name.length > maxNameLength) {
    return badRequest(`The name of an event is a string of 1 to ${maxNameLength} characters.`);
  }
  if (reserved.test(name))
    return badRequest('Names that begin with pusher: or pusher_internal: are of the protocol itself.');
  if (typeof data !== 'string') return badRequest('The data of an event is a string: encode it as JSON first.');
  if (Buffer.byteLength(data) > maxDataBytes) return tooLarge;
  if (!Array.isArray(channels) || channels.length === 0 || channels.length > maxChannels) {
    return badRequest(`An event has 1 to ${maxChannels} channels.`);
  }
  const invalid = channels.findIndex((channel) => typeof channel !== 'string' || !isChannelName(channel));
  if (invalid >= 0) return badRequest(`Channel ${invalid} of the event has a name that is not valid.`);
  if (socketId !== null && !isSocketId(socketId)) return badRequest('The socket_id is not like 1234.5678.');
  const attributes = readAttributes(info);
  if ('status' in attributes) return attributes;
  const except = socketId === null ? undefined : connectionIdOf(socketId);
  return { name, data, channels: [...new Set<string>(channels)], except, info: attributes };
}

/** In Pusher's words, which tell apart what to mend. */
const tooLarge: RequestFault = {
  status: 413,
  sentence: `The data content of this event exceeds the allowed maximum (${maxDataBytes} bytes).`,
};

function isSocketId(value: unknown): value is string {
  return typeof value === 'string' && /^\d+\.\d+$/.test(value);
}

export type PublishReport = Pick<BroadcastReport, 'delivered' | 'gone' | 'lost' | 'retried'> & {
  readonly broadcasts: number;
  /** Broadcasts of which `deliver` does the rest. */
  readonly handedOn: number;
};

/** How many channels of one event are published to at once. */
const concurrency = 10;

/**
 * Publishes events one after the other, each to all its channels. What fails on one channel does not stop the others.
 * @param seed of the events' ids: the same for a repetition
 * @throws the first failure, when all is tried; who repeats it delivers to some twice, with the same ids
 */
export async function publishAll(
  events: readonly PublishedEvent[],
  broadcast: Broadcaster,
  seed: string,
): Promise<PublishReport> {
  const reports: BroadcastReport[] = [];
  const failures: unknown[] = [];
  for (const [index, event] of events.entries()) {
    for (let start = 0; start < event.channels.length; start += concurrency) {
      const channels = event.channels.slice(start, start + concurrency);
      const broadcasts = channels.map((channel) =>
        broadcast({ channel, frame: frameOf(event, channel, idOf(seed, index, channel)), except: event.except }),
      );
      for (const outcome of await Promise.allSettled(broadcasts)) {
        if (outcome.status === 'fulfilled') reports.push(outcome.value);
        else failures.push(outcome.reason);
      }
    }
  }
  if (failures.length > 0) throw failures[0];
  const sum = (field: 'delivered' | 'gone' | 'lost' | 'retried') =>
    reports.reduce((total, report) => total + report[field], 0);
  return {
    delivered: sum('delivered'),
    gone: sum('gone'),
    lost: sum('lost'),
    retried: sum('retried'),
    broadcasts: reports.length,
    handedOn: reports.filter(({ handedOn }) => handedOn).length,
  };
}

/** Built field by field, and `data` not touched. */
function frameOf({ name, data }: PublishedEvent, channel: string, id: string): string {
  return encodeFrame({ event: name, channel, data, id });
}

/** 22 characters; one for each channel, so that a client that is on two of them need not compare anything else. */
function idOf(seed: string, index: number, channel: string): string {
  const digest = createHash('sha256').update(`${seed}\n${index}\n${channel}`).digest();
  return digest.subarray(0, 16).toString('base64url');
}

/** The answer to `POST /events`: by channel, when the publisher wants to know something of them. */
export async function answerEvent(
  { channels, info }: PublishedEvent,
  subscriptions: Subscriptions,
  members: Members,
): Promise<string> {
  if (info.length === 0) return '{}';
  const counts: [string, ChannelCounts][] = [];
  for (const channel of channels) counts.push([channel, await countFor(channel, info, subscriptions, members)]);
  return JSON.stringify({ channels: Object.fromEntries(counts) });
}

/** The answer to `POST /batch_events`: event by event, each of one channel. */
export async function answerBatch(
  events: readonly PublishedEvent[],
  subscriptions: Subscriptions,
  members: Members,
): Promise<string> {
  if (events.every(({ info }) => info.length === 0)) return '{}';
  const batch: ChannelCounts[] = [];
  for (const { channels, info } of events) batch.push(await countFor(channels[0] ?? '', info, subscriptions, members));
  return JSON.stringify({ batch });
}
