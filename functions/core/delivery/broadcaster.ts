import type { Clock } from '../clock.ts';
import type { Broadcast, BroadcastReport, StartWorker, Subscribers } from './broadcast.ts';
import type { PostToSubscribers } from './fan-out.ts';
import type { Pace } from './pace.ts';

/**
 * Posts a broadcast: to few subscribers directly, and to many through `deliver`, page by page. It returns once
 * `deliver` is queued.
 */
export type Broadcaster = (broadcast: Broadcast) => Promise<BroadcastReport>;

export interface BroadcasterParts {
  readonly subscribers: Pick<Subscribers, 'page'>;
  readonly postToSubscribers: PostToSubscribers;
  readonly startWorker: StartWorker;
  /** The maximum rate of all workers together. */
  readonly quota: Omit<Pace, 'startsAt'>;
  /** A unique id. */
  newId(): string;
  readonly clock: Clock;
}

/** Posting to these many subscribers takes less time than starting a worker. */
const maxDirectPosts = 200;
/** Milliseconds for which one post is retried. The publisher waits meanwhile. */
const postMs = 10_000;

export function createBroadcaster(parts: BroadcasterParts): Broadcaster {
  const { subscribers, postToSubscribers, startWorker, quota, newId, clock } = parts;
  return async (broadcast) => {
    const begin = clock.now();
    // The latest rows: a client that has just been told that it has joined must get the next event.
    const first = await subscribers.page(broadcast.channel, { limit: maxDirectPosts, latest: true });
    if (first.next === undefined) {
      const report = await postToSubscribers(broadcast, [first.subscribers], { postMs });
      const { delivered, gone, lost, retried } = report;
      return { delivered, gone: gone.length, lost, retried, handedOn: false, milliseconds: clock.now() - begin };
    }
    // The worker posts to these subscribers too: Lambda retries a worker that dies, so no post is lost.
    const { channel, frame, except } = broadcast;
    const pace = { ...quota, startsAt: clock.now() };
    await startWorker({ channel, frame, except, id: newId(), pace, before: 0, depth: 0 });
    return { delivered: 0, gone: 0, lost: 0, retried: 0, handedOn: true, milliseconds: clock.now() - begin };
  };
}
