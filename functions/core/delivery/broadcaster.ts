import type { Clock } from '../clock.ts';
import type { Broadcast, BroadcastReport, StartWorker } from './broadcast.ts';
import type { PostToSubscribers } from './fan-out.ts';
import type { Pace } from './pace.ts';
import type { Subscribers } from './subscribers.ts';

/** Few subscribers are posted to at once; for many, `deliver` is started page by page. It returns when the rest is queued. */
export type Broadcaster = (broadcast: Broadcast) => Promise<BroadcastReport>;

export interface BroadcasterParts {
  readonly subscribers: Pick<Subscribers, 'page'>;
  readonly postToSubscribers: PostToSubscribers;
  readonly startWorker: StartWorker;
  /** How fast all workers together may post. */
  readonly quota: Omit<Pace, 'startsAt'>;
  /** A name that no other broadcast has. */
  newId(): string;
  readonly clock: Clock;
}

/** So many are posted to in less time than a worker takes to start. */
const few = 200;
/** For how long one post is tried, in milliseconds: the publisher waits. */
const postMs = 10_000;

export function createBroadcaster(parts: BroadcasterParts): Broadcaster {
  const { subscribers, postToSubscribers, startWorker, quota, newId, clock } = parts;
  return async (broadcast) => {
    const begin = clock.now();
    // The latest: who was told a moment ago that he has joined is to hear what comes then.
    const first = await subscribers.page(broadcast.channel, { limit: few, latest: true });
    if (first.next === undefined) {
      const report = await postToSubscribers(broadcast, [first.subscribers], { postMs });
      const { delivered, gone, lost, retried } = report;
      return { delivered, gone: gone.length, lost, retried, handedOn: false, milliseconds: clock.now() - begin };
    }
    // All of them, these too: what a worker was given is not lost with it, as Lambda tries again.
    const { channel, frame, except } = broadcast;
    const pace = { ...quota, startsAt: clock.now() };
    await startWorker({ channel, frame, except, id: newId(), pace, before: 0, depth: 0 });
    return { delivered: 0, gone: 0, lost: 0, retried: 0, handedOn: true, milliseconds: clock.now() - begin };
  };
}
