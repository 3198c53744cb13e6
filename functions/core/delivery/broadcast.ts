import type { Subscriptions } from '../channels/subscriptions.ts';
import type { BroadcastPage } from './broadcast-worker.ts';
import type { Pace } from './pace.ts';
import { type PostWorld, postToSubscribers } from './post-to-subscribers.ts';

/** One frame for all who have joined a channel. */
export interface Broadcast {
  readonly channel: string;
  /**
   * Encoded once, whatever the number of subscribers. It may arrive twice, so it carries an `id` beside its event, by which a
   * client that cares can tell.
   */
  readonly frame: string;
  /** The connection that is left out, usually the one that caused it. */
  readonly except?: string | undefined;
}

/** What is known when a broadcast returns. */
export interface BroadcastReport {
  readonly delivered: number;
  readonly gone: number;
  /** Posts that failed for another reason than a gone socket, after every retry. */
  readonly lost: number;
  /** Posts that were repeated. */
  readonly retried: number;
  /** Whether `deliver` works on it, whose numbers are in its own log. */
  readonly handedOn: boolean;
  readonly milliseconds: number;
}

/** Few subscribers are posted to at once; for many, `deliver` is started page by page. It returns when the rest is queued. */
export type Publish = (broadcast: Broadcast) => Promise<BroadcastReport>;

export interface PublishWorld extends PostWorld {
  readonly subscriptions: Pick<Subscriptions, 'page'>;
  /** How fast all workers together may post. */
  readonly quota: Omit<Pace, 'startsAt'>;
  /** Starts a worker without waiting for it. */
  startWorker(job: BroadcastPage): Promise<void>;
  /** A name that no other broadcast has. */
  newId(): string;
}

/** So many are posted to in less time than a worker takes to start. */
const few = 200;
/** How long one post is tried, in milliseconds: whoever publishes waits. */
const patienceMs = 10_000;

export function createPublish(world: PublishWorld): Publish {
  const { subscriptions, quota, clock } = world;
  return async (broadcast) => {
    const begin = clock.now();
    // The latest: who was told a moment ago that he has joined is to hear what comes then.
    const { subscribers, next } = await subscriptions.page(broadcast.channel, { limit: few, latest: true });
    if (next === undefined) {
      const report = await postToSubscribers(broadcast, [subscribers], world, { patienceMs });
      const { delivered, gone, lost, retried } = report;
      return { delivered, gone: gone.length, lost, retried, handedOn: false, milliseconds: clock.now() - begin };
    }
    // All of them, these too: what a worker was given is not lost with it, as Lambda tries again.
    const { channel, frame, except } = broadcast;
    const pace = { ...quota, startsAt: clock.now() };
    await world.startWorker({ channel, frame, except, id: world.newId(), pace, before: 0, depth: 0 });
    const nothingYet = { delivered: 0, gone: 0, lost: 0, retried: 0 };
    return { ...nothingYet, handedOn: true, milliseconds: clock.now() - begin };
  };
}
