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

/** An event that PHP publishes. */
export interface PublishedEvent {
  readonly name: string;
  /** Delivered unchanged. */
  readonly data: string;
  /** Without duplicates. */
  readonly channels: readonly string[];
  /** The connection that does not get the event; also undefined when no connection can have the socket id. */
  readonly except: string | undefined;
  /** Attributes of the channels for the answer. */
  readonly info: readonly Attribute[];
}

/** Pusher's limits: https://pusher.com/docs/channels/library_auth_reference/rest-api/#post-events */
const maxDataBytes = 10_240;
const maxChannels = 100;
const maxBatch = 10;
/** The limit of Pusher's libraries. Any character is allowed, because PHP's class names have backslashes. */
const maxNameLength = 200;
/** Clients treat such events as the protocol's own. They could end a connection or forge members. */
const reserved = /^pusher(_internal)?:/;

/** The body of `POST /events`. */
export function readEvent(body: Buffer): PublishedEvent | RequestFault {
  const fields = fieldsIn(body.toString('utf8'));
  if (fields === undefined) return badRequest('The body is not a JSON object.');
  const { channel, channels } = fields;
  if ((channel === undefined) === (channels === undefined)) {
    return badRequest('An event must have either channel, a string, or channels, a list of strings.');
  }
  return readFields(fields, channels ?? [channel]);
}

/** The body of `POST /batch_events`. If one event is invalid, none is published. */
export function readBatch(body: Buffer): readonly PublishedEvent[] | RequestFault {
  const batch = fieldsIn(body.toString('utf8'))?.['batch'];
  if (!Array.isArray(batch)) return badRequest('The body must be a JSON object with a list named batch.');
  if (batch.length > maxBatch) return badRequest(`Batch too large (${batch.length} > ${maxBatch}).`);
  const events: PublishedEvent[] = [];
  for (const [index, fields] of batch.entries()) {
    if (!isFields(fields)) return badRequest(`Event ${index} of the batch is not a JSON object.`);
    if (fields['channels'] !== undefined)
      return badRequest(`Event ${index} of the batch has channels. Use channel: an event of a batch has one.`);
    const event = readFields(fields, [fields['channel']]);
    if ('status' in event) return { ...event, sentence: `Event ${index} of the batch: ${event.sentence}` };
    events.push(event);
  }
  return events;
}

function readFields(fields: Fields, channels: unknown): PublishedEvent | RequestFault {
  const { name, data, socket_id: socketId = null, info = null } = fields;
  if (typeof name !== 'string' || name === '' || name.length > maxNameLength) {
    return badRequest(`The name of an event must be a string of 1 to ${maxNameLength} characters.`);
  }
  if (reserved.test(name))
    return badRequest('The protocol reserves event names that begin with pusher: or pusher_internal:.');
  if (typeof data !== 'string') return badRequest('The data of an event must be a string. Encode it as JSON first.');
  if (Buffer.byteLength(data) > maxDataBytes) return tooLarge;
  if (!Array.isArray(channels) || channels.length === 0 || channels.length > maxChannels) {
    return badRequest(`An event has 1 to ${maxChannels} channels.`);
  }
  const invalid = channels.findIndex((channel) => typeof channel !== 'string' || !isChannelName(channel));
  if (invalid >= 0) return badRequest(`The name of channel ${invalid} of the event is not valid.`);
  if (socketId !== null && !isSocketId(socketId)) return badRequest('socket_id must have the form 1234.5678.');
  const attributes = readAttributes(info);
  if ('status' in attributes) return attributes;
  const except = socketId === null ? undefined : connectionIdOf(socketId);
  return { name, data, channels: [...new Set<string>(channels)], except, info: attributes };
}

/** In Pusher's words, which PHP's log recognizes. */
const tooLarge: RequestFault = {
  status: 413,
  sentence: `The data content of this event exceeds the allowed maximum (${maxDataBytes} bytes).`,
};

function isSocketId(value: unknown): value is string {
  return typeof value === 'string' && /^\d+\.\d+$/.test(value);
}

export type PublishReport = Pick<BroadcastReport, 'delivered' | 'gone' | 'lost' | 'retried'> & {
  readonly broadcasts: number;
  /** Broadcasts that `deliver` posts. */
  readonly handedOn: number;
};

/** The maximum number of channels of one event at the same time. */
const concurrency = 10;

/**
 * Publishes events one after the other, each to all its channels. A failure on one channel does not stop the others.
 * @param seed of the event ids; a repetition has the same
 * @throws the first failure, after all channels were tried. A repetition delivers to some subscribers twice, with the
 * same ids.
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

/** Built field by field. `data` stays unchanged. */
function frameOf({ name, data }: PublishedEvent, channel: string, id: string): string {
  return encodeFrame({ event: name, channel, data, id });
}

/** 22 characters. Each channel gets its own id, so a client on two channels needs to compare only ids. */
function idOf(seed: string, index: number, channel: string): string {
  const digest = createHash('sha256').update(`${seed}\n${index}\n${channel}`).digest();
  return digest.subarray(0, 16).toString('base64url');
}

/** The answer to `POST /events`: the requested attributes of each channel. */
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

/** The answer to `POST /batch_events`: the requested attributes of each event's channel. */
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
