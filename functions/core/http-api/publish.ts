import { createHash } from 'node:crypto';
import type { BroadcastReport, Publish } from '../delivery/broadcast.ts';
import { encodeFrame } from '../frames/frame.ts';
import { type ChannelCounts, type ChannelWorld, countFor } from './channel-attributes.ts';
import type { PublishedEvent } from './publish-request.ts';

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
  publish: Publish,
  seed: string,
): Promise<PublishReport> {
  const reports: BroadcastReport[] = [];
  const failures: unknown[] = [];
  for (const [index, event] of events.entries()) {
    for (let start = 0; start < event.channels.length; start += concurrency) {
      const channels = event.channels.slice(start, start + concurrency);
      const broadcasts = channels.map((channel) =>
        publish({ channel, frame: frameOf(event, channel, idOf(seed, index, channel)), except: event.except }),
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
export async function answerEvent({ channels, info }: PublishedEvent, world: ChannelWorld): Promise<string> {
  if (info.length === 0) return '{}';
  const counts: [string, ChannelCounts][] = [];
  for (const channel of channels) counts.push([channel, await countFor(channel, info, world)]);
  return JSON.stringify({ channels: Object.fromEntries(counts) });
}

/** The answer to `POST /batch_events`: event by event, each of one channel. */
export async function answerBatch(events: readonly PublishedEvent[], world: ChannelWorld): Promise<string> {
  if (events.every(({ info }) => info.length === 0)) return '{}';
  const batch: ChannelCounts[] = [];
  for (const { channels, info } of events) batch.push(await countFor(channels[0] ?? '', info, world));
  return JSON.stringify({ batch });
}
