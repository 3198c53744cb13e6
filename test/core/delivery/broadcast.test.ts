import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BroadcastPage } from '../../../functions/core/delivery/broadcast.ts';
import { createBroadcastWorker } from '../../../functions/core/delivery/broadcast-worker.ts';
import { createBroadcaster } from '../../../functions/core/delivery/broadcaster.ts';
import { createPostToSubscribers } from '../../../functions/core/delivery/fan-out.ts';
import { type Delivery, SocketTrouble } from '../../../functions/core/delivery/socket-sender.ts';
import { MemoryClaims } from '../../fakes/claims.ts';
import { ManualClock } from '../../fakes/clock.ts';
import { SubscriberList, subscriber } from '../../fakes/subscriber-list.ts';

const channel = 'news';
const frame = '{"event":"x"}';
/** A killed process does nothing more. */
const killed = new Error('killed');

/** A channel with these subscribers, and workers that run up to three times, as in Lambda. */
function scene(
  ids: readonly string[],
  { pageSize = 8, gone = new Set<string>(), quota = { burst: 45, rate: 90 } } = {},
) {
  const clock = new ManualClock();
  const subscriptions = new SubscriberList(ids, pageSize);
  const claims = new MemoryClaims(clock);
  const jobs: BroadcastPage[] = [];
  const posts: { readonly id: string; readonly at: number }[] = [];
  const left: string[] = [];
  const running: Promise<unknown>[] = [];
  const sender = {
    async post(id: string): Promise<Delivery> {
      if (gone.has(id)) return 'gone';
      posts.push({ id, at: clock.now() });
      return 'delivered';
    },
  };
  const world = {
    subscriptions,
    claims,
    sender,
    leave: async ({ connectionId }: { connectionId: string }, from?: string) => {
      left.push(`${connectionId} ${from}`);
    },
    clock,
    random: () => 0.5,
    quota,
    newId: () => 'b1',
    startWorker: async (job: BroadcastPage) => {
      // As it arrives: JSON.
      const arrived: BroadcastPage = JSON.parse(JSON.stringify(job));
      jobs.push(arrived);
      running.push(runThrice(arrived));
    },
  };

  async function runThrice(job: BroadcastPage): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        await workerOf(world)(job);
        return;
      } catch (error) {
        if (error !== killed || tries === 3) throw error;
        await clock.pause(60_000 * tries);
      }
    }
  }

  async function publish(except?: string) {
    const report = await clock.finish(broadcasterOf(world)({ channel, frame, except }));
    for (let n = 0; n < running.length; n += 1) await clock.finish(running[n] ?? Promise.resolve());
    return report;
  }
  return {
    clock,
    subscriptions,
    claims,
    world,
    jobs,
    posts,
    left,
    publish,
    heard: () => posts.map(({ id }) => id).sort(),
  };
}

type World = ReturnType<typeof scene>['world'];

/** Reads the parts now, because tests replace some of them. */
function postsOf({ sender, leave, clock, random }: World) {
  return createPostToSubscribers({ sender, removeGone: leave, clock, random });
}

function workerOf(world: World) {
  const { subscriptions: subscribers, claims, startWorker, clock } = world;
  return createBroadcastWorker({ subscribers, claims, postToSubscribers: postsOf(world), startWorker, clock });
}

function broadcasterOf(world: World) {
  const { subscriptions: subscribers, startWorker, quota, newId, clock } = world;
  return createBroadcaster({ subscribers, postToSubscribers: postsOf(world), startWorker, quota, newId, clock });
}

function idsOf(count: number): string[] {
  return Array.from({ length: count }, (_, n) => `L0S${String(n).padStart(5, '0')}cIhw=`);
}

describe('a broadcast to few subscribers', () => {
  it('is posted directly, and its report has the outcomes', async () => {
    const { publish, heard, jobs } = scene(['a', 'b', 'c'], { pageSize: 1000 });
    const report = await publish();
    const counts = { delivered: 3, gone: 0, lost: 0, retried: 0 };
    expect(report).toEqual({ ...counts, handedOn: false, milliseconds: 0 });
    expect(heard()).toEqual(['a', 'b', 'c']);
    expect(jobs).toEqual([]);
  });

  it('leaves out the connection that caused it', async () => {
    const { publish, heard } = scene(['a', 'b', 'c'], { pageSize: 1000 });
    await publish('b');
    expect(heard()).toEqual(['a', 'c']);
  });

  it('reaches a client that has just been told that it has joined', async () => {
    const { subscriptions, posts, publish } = scene(['a', 'b']);
    const page = subscriptions.page.bind(subscriptions);
    subscriptions.page = async (name, range) =>
      range?.latest === true ? page(name, range) : { subscribers: [subscriber('a')], next: undefined };
    await publish();
    expect(posts.map(({ id }) => id)).toEqual(['a', 'b']);
  });

  it('may have no subscribers', async () => {
    expect(await scene([]).publish()).toMatchObject({ delivered: 0, handedOn: false });
  });

  it('removes connections that are gone, and does not fail if it cannot', async () => {
    const { publish, left, world } = scene(['a', 'b', 'c'], { pageSize: 1000, gone: new Set(['a', 'c']) });
    expect(await publish()).toMatchObject({ delivered: 1, gone: 2, retried: 0 });
    expect(left).toEqual([`a ${channel}`, `c ${channel}`]);
    world.leave = () => Promise.reject(new Error('the table is throttled'));
    expect(await publish()).toMatchObject({ delivered: 1, gone: 2 });
  });

  it('keeps the publisher waiting for ten seconds at most', async () => {
    const { publish, world } = scene(['a', 'b'], { pageSize: 1000 });
    world.sender.post = () => Promise.reject(new SocketTrouble(500));
    const report = await publish();
    expect(report).toMatchObject({ delivered: 0, lost: 2 });
    expect(report.milliseconds).toBeLessThanOrEqual(10_000);
  });
});

describe('a broadcast to many subscribers', () => {
  it('is left to workers completely, so that it survives the publisher', async () => {
    const { publish, jobs, heard, world } = scene(idsOf(30));
    expect(await publish()).toMatchObject({ handedOn: true, delivered: 0 });
    expect(jobs[0]).toMatchObject({ before: 0, depth: 0 });
    expect(heard()).toEqual(idsOf(30));
    expect(world.claims.names).toHaveLength(3);
  });

  it('starts the worker of each page before the first post to the page before', async () => {
    const { publish, jobs, posts, world } = scene(idsOf(20));
    const seen: number[] = [];
    const { post } = world.sender;
    world.sender.post = (id) => {
      seen.push(jobs.length);
      return post(id);
    };
    await publish();
    expect(posts).toHaveLength(20);
    expect(seen[0]).toBeGreaterThanOrEqual(2);
    expect(jobs.map(({ before, after }) => [before, after])).toEqual([
      [0, undefined],
      [8, idsOf(20)[7]],
      [16, idsOf(20)[15]],
    ]);
  });

  it('leaves out the connection that caused it', async () => {
    const { publish, heard } = scene(idsOf(30));
    await publish(idsOf(30)[12]);
    expect(heard()).toEqual(idsOf(30).filter((_, n) => n !== 12));
  });

  it('removes connections that are gone, without a retry', async () => {
    const ids = idsOf(100);
    const gone = new Set(ids.filter((_, n) => n % 20 === 0));
    const { publish, left, heard } = scene(ids, { gone });
    await publish();
    expect(left.sort()).toEqual([...gone].map((id) => `${id} ${channel}`));
    expect(heard()).toEqual(ids.filter((id) => !gone.has(id)));
  });

  // A page of 1 MB has 8,700 subscribers, so a million are 115 pages. These pages are small.
  it('with 115 pages uses chains of 14 workers at most, because Lambda stops loops of 16', async () => {
    const ids = idsOf(115 * 8);
    const { publish, jobs, heard } = scene(ids);
    await publish();
    expect(heard()).toEqual(ids);
    expect(Math.max(...jobs.map(({ depth }) => depth))).toBeLessThanOrEqual(13);
    expect(jobs.length).toBeLessThan(250);
  });

  it('is split among no more workers than there are pages left', async () => {
    const ids = Array.from({ length: 10 * 8 + 3 }, (_, n) => String.fromCharCode(0x21 + n));
    const { publish, jobs, heard } = scene(ids);
    await publish();
    expect(heard()).toEqual(ids);
    expect(jobs).toHaveLength(11);
  });

  it('reaches each subscriber once, however ids are distributed, and no chain becomes longer', async () => {
    const id = fc.string({ unit: fc.constantFrom(...'+/0aAzZ='), minLength: 1, maxLength: 16 });
    const cluster = fc
      .tuple(id, fc.array(id, { maxLength: 60 }))
      .map(([start, ends]) => ends.map((end) => start + end));
    const many = fc.array(cluster, { maxLength: 6 }).map((clusters) => [...new Set(clusters.flat())].sort());
    await fc.assert(
      fc.asyncProperty(many, fc.integer({ min: 1, max: 9 }), async (ids, pageSize) => {
        const { publish, jobs, heard } = scene(ids, { pageSize, quota: { burst: 1e6, rate: 1e6 } });
        await publish();
        expect(heard()).toEqual(ids);
        expect(Math.max(0, ...jobs.map(({ depth }) => depth))).toBeLessThanOrEqual(13);
      }),
      { numRuns: 40 },
    );
  });

  it('is never faster than the token bucket of the account', async () => {
    const { publish, posts } = scene(idsOf(115 * 8));
    await publish();
    // Nine tenths of the account's 50 and 100.
    const bucket = { tokens: 50, at: posts[0]?.at ?? 0 };
    for (const { at } of posts.toSorted((one, other) => one.at - other.at)) {
      bucket.tokens = Math.min(50, bucket.tokens + ((at - bucket.at) / 1000) * 100) - 1;
      bucket.at = at;
      expect(bucket.tokens).toBeGreaterThanOrEqual(0);
    }
    const [first, last] = [posts[0]?.at ?? 0, Math.max(...posts.map(({ at }) => at))];
    expect(last - first).toBeGreaterThan(((115 * 8 - 45) / 90) * 1000 - 100);
  });

  it('starts workers shortly before their first post, because waiting costs money', async () => {
    const { clock, publish, jobs, posts, world } = scene(idsOf(115 * 8));
    const started: number[] = [];
    const { startWorker } = world;
    world.startWorker = async (job) => {
      started.push(clock.now());
      return startWorker(job);
    };
    await publish();
    expect(posts).toHaveLength(115 * 8);
    jobs.forEach(({ pace, before }, n) => {
      const due = pace.startsAt + (Math.max(0, before - pace.burst) / pace.rate) * 1000;
      // Two seconds, plus the time between two pages of a chain at a 64th of the rate.
      expect(due - (started[n] ?? 0)).toBeLessThanOrEqual(2_001 + (8 / (90 / 64)) * 1000);
    });
  });
});

describe('a killed broadcast worker', () => {
  const ids = idsOf(60);

  it.each([
    ['before it has started the next', 'startWorker', 'before'],
    ['when it has started the next, before it noted that', 'startWorker', 'after'],
    ['after it noted that', 'claim', 'after'],
    ['while it posts', 'post', 'after'],
  ] as const)('%s is retried, and all subscribers get the frame', async (_, step, when) => {
    const { publish, heard, jobs, world } = scene(ids);
    const deaths = { left: 2, skip: step === 'startWorker' ? 1 : 0 };
    const dies = <Args extends unknown[], Result>(act: (...args: Args) => Promise<Result>) => {
      return async (...args: Args): Promise<Result> => {
        const isNow = deaths.skip === 0 && deaths.left > 0;
        if (deaths.skip > 0) deaths.skip -= 1;
        if (isNow) deaths.left -= 1;
        if (isNow && when === 'before') throw killed;
        const result = await act(...args);
        if (isNow) throw killed;
        return result;
      };
    };
    if (step === 'startWorker') world.startWorker = dies(world.startWorker);
    if (step === 'claim') world.claims.claim = dies(world.claims.claim.bind(world.claims));
    if (step === 'post') {
      // A kill between posts is not a failed post: it ends the whole worker. So the page throws.
      const { pause } = world.clock;
      world.clock.pause = dies(pause.bind(world.clock));
      world.quota = { burst: 1, rate: 90 };
    }
    await publish();
    expect(deaths.left).toBe(0);
    expect([...new Set(heard())]).toEqual(ids);
    // Only a worker that died before its claim has started another twice.
    const twice = jobs.length - new Set(jobs.map(({ after }) => after)).size;
    expect(twice).toBe(step === 'startWorker' && when === 'after' ? 2 : 0);
  });

  // The next workers began after the last subscriber of the page. When the retry read the page again, a new subscriber
  // had moved that last one to the next page, and no worker posted to it.
  it('that is retried after another client has joined misses no subscriber', async () => {
    const { publish, world, heard, clock } = scene(ids);
    world.quota = { burst: 1, rate: 90 };
    const pause = clock.pause.bind(clock);
    world.clock.pause = async (milliseconds) => {
      await pause(milliseconds);
      world.clock.pause = pause;
      const grown = new SubscriberList([...ids, 'L0S00000joined='], 8);
      world.subscriptions.page = grown.page.bind(grown);
      throw killed;
    };
    await publish();
    expect(ids.filter((id) => !heard().includes(id))).toEqual([]);
  });

  it('that is retried after its next workers are done does not start them again', async () => {
    const { publish, jobs, world, heard } = scene(ids);
    await publish();
    const [first] = jobs;
    if (first === undefined) throw new Error('There was no worker.');
    const before = jobs.length;
    await world.clock.finish(workerOf(world)(first));
    expect(jobs).toHaveLength(before);
    expect(heard()).toHaveLength(60 + 2 * 8);
  });

  it('that is retried late posts at the current pace, and not all at once', async () => {
    const { world, posts, clock } = scene(ids, { pageSize: 60 });
    const pace = { startsAt: clock.now() - 60_000, burst: 10, rate: 10 };
    await clock.finish(workerOf(world)({ channel, frame, id: 'b1', pace, before: 10, depth: 3 }));
    const begin = posts[0]?.at ?? 0;
    expect(posts.filter(({ at }) => at < begin + 1_000).length).toBeLessThanOrEqual(13);
  });
});

describe('the range of a broadcast worker', () => {
  it('that cannot be read is a fault, so that Lambda retries', async () => {
    const { world, clock, subscriptions } = scene(idsOf(3));
    subscriptions.page = () => Promise.reject(new Error('throttled'));
    const pace = { startsAt: clock.now(), burst: 10, rate: 10 };
    await expect(workerOf(world)({ channel, frame, id: 'b1', pace, before: 0, depth: 0 })).rejects.toThrow('throttled');
  });

  it('is never read beyond its end', async () => {
    const { world, clock, heard } = scene(['a', 'b', 'c', 'd', 'e'], { pageSize: 2 });
    const pace = { startsAt: clock.now(), burst: 10, rate: 10 };
    const job = { channel, frame, id: 'b1', pace, before: 0, after: 'a', upTo: 'd', depth: 13 };
    await clock.finish(workerOf(world)(job));
    expect(heard()).toEqual(['b', 'c', 'd']);
  });
});

it('the fake names a job as the test expects', () => {
  expect(subscriber('a')).toEqual({ principalId: 'user:a', connectionId: 'a' });
});
