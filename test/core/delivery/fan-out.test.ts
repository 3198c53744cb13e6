import { setImmediate as settle } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fanOut } from '../../../functions/core/delivery/fan-out.ts';
import { type Delivery, SocketTrouble } from '../../../functions/core/delivery/socket-sender.ts';
import { ManualClock } from '../../fakes/clock.ts';
import { FakeSockets } from '../../fakes/sockets.ts';

const frame = '{"event":"x"}';
const clock = new ManualClock();
const recipient = (connectionId: string) => ({ principalId: `user:${connectionId}`, connectionId });

async function* pages(...ids: readonly (readonly string[])[]) {
  for (const page of ids) yield page.map(recipient);
}

/** Posts that the test completes. */
function slowSockets() {
  const waiting: { connectionId: string; end: (delivery: Delivery) => void }[] = [];
  const post = (connectionId: string) =>
    new Promise<Delivery>((end) => {
      waiting.push({ connectionId, end });
    });
  return { waiting, post, begun: () => waiting.map(({ connectionId }) => connectionId) };
}

it('a fan-out posts to all recipients and counts', async () => {
  const sender = new FakeSockets().open('a', 'b', 'c');
  const report = await fanOut({ recipients: pages(['a', 'b'], [], ['c']), frame, clock, sender, concurrency: 2 });
  expect(report).toMatchObject({ delivered: 3, retried: 0, lost: 0, gone: [], milliseconds: 0 });
  for (const id of ['a', 'b', 'c']) expect(sender.heardBy(id)).toEqual(['x']);
});

it('a fan-out to no recipients does nothing', async () => {
  const report = await fanOut({ recipients: pages(), frame, clock, sender: new FakeSockets(), concurrency: 1 });
  expect(report).toMatchObject({ delivered: 0, retried: 0, lost: 0, gone: [] });
});

it('a fan-out reports gone connections and does not remove them', async () => {
  const sender = new FakeSockets().open('b');
  const report = await fanOut({ recipients: pages(['a', 'b', 'c']), frame, clock, sender, concurrency: 5 });
  expect(report).toMatchObject({ delivered: 1, retried: 0, lost: 0, gone: [recipient('a'), recipient('c')] });
});

describe('a failed post of a fan-out', () => {
  it('never stops the others', async () => {
    const sender = new FakeSockets().open('a', 'b', 'c');
    sender.break('a');
    const report = await fanOut({ recipients: pages(['a', 'b'], ['c']), frame, clock, sender, concurrency: 1 });
    expect(report).toMatchObject({ delivered: 2, lost: 1, gone: [] });
  });

  it('never stops the others if it throws synchronously', async () => {
    const post = (id: string) => {
      if (id === 'a') throw new TypeError('not a promise');
      return Promise.resolve('delivered' as const);
    };
    const report = await fanOut({ recipients: pages(['a', 'b', 'c']), frame, clock, sender: { post }, concurrency: 1 });
    expect(report).toMatchObject({ delivered: 2, lost: 1 });
  });
});

describe('the concurrency of a fan-out', () => {
  it('is a maximum: the next post begins when any other has ended', async () => {
    const sender = slowSockets();
    const done = fanOut({ recipients: pages(['a', 'b', 'c', 'd']), frame, clock, sender, concurrency: 2 });
    await settle();
    expect(sender.begun()).toEqual(['a', 'b']);
    sender.waiting[1]?.end('delivered');
    await settle();
    expect(sender.begun()).toEqual(['a', 'b', 'c']);
    sender.waiting[2]?.end('gone');
    await settle();
    expect(sender.begun()).toEqual(['a', 'b', 'c', 'd']);
    for (const { end } of sender.waiting) end('delivered');
    expect(await done).toMatchObject({ delivered: 3, gone: [recipient('c')] });
  });

  it('is a maximum for any recipients, pages and failures, and none is skipped', async () => {
    const kinds = fc.constantFrom('delivered', 'gone', 'failed');
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(kinds, { maxLength: 8 })),
        fc.integer({ min: 1, max: 5 }),
        async (all, limit) => {
          const now = { underWay: 0, most: 0 };
          const sender = {
            async post(id: string): Promise<Delivery> {
              now.underWay += 1;
              now.most = Math.max(now.most, now.underWay);
              await Promise.resolve();
              now.underWay -= 1;
              if (id === 'failed') throw new Error('no');
              return id as Delivery;
            },
          };
          const report = await fanOut({ recipients: pages(...all), frame, clock, sender, concurrency: limit });
          const count = (kind: string) => all.flat().filter((each) => each === kind).length;
          expect(now.most).toBeLessThanOrEqual(limit);
          expect([report.delivered, report.gone.length, report.lost]).toEqual(
            ['delivered', 'gone', 'failed'].map(count),
          );
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe('the pages of a fan-out', () => {
  it('are posted to before the last one is read', async () => {
    const sender = slowSockets();
    const last = slowSockets();
    async function* recipients() {
      yield [recipient('a')];
      await last.post('');
      yield [recipient('b')];
    }
    const done = fanOut({ recipients: recipients(), frame, clock, sender, concurrency: 10 });
    await settle();
    expect(sender.begun()).toEqual(['a']);
    last.waiting[0]?.end('delivered');
    await settle();
    expect(sender.begun()).toEqual(['a', 'b']);
    for (const { end } of sender.waiting) end('delivered');
    expect(await done).toMatchObject({ delivered: 2 });
  });

  it('are not read ahead of the posts, so that memory stays constant', async () => {
    const sender = slowSockets();
    const read = { pages: 0 };
    async function* recipients() {
      for (const id of ['a', 'b', 'c']) {
        read.pages += 1;
        yield [recipient(id)];
      }
    }
    const done = fanOut({ recipients: recipients(), frame, clock, sender, concurrency: 1 });
    await settle();
    expect(read.pages).toBe(2);
    for (let n = 0; n < 3; n++) {
      sender.waiting[n]?.end('delivered');
      await settle();
    }
    expect(await done).toMatchObject({ delivered: 3 });
  });

  it('that cannot be read throw to the caller', async () => {
    async function* recipients() {
      yield [recipient('a')];
      throw new Error('the table cannot be read');
    }
    const sender = new FakeSockets().open('a');
    await expect(fanOut({ recipients: recipients(), frame, clock, sender, concurrency: 1 })).rejects.toThrow(
      'the table',
    );
  });
});

describe('a post that may succeed later', () => {
  /** Sockets that answer each try with the next value of a list, and then always with the last. */
  function scripted(...answers: readonly (Delivery | number | 'no answer')[]) {
    const tries: number[] = [];
    return {
      tries,
      async post(): Promise<Delivery> {
        const answer = answers[Math.min(tries.length, answers.length - 1)] ?? 'delivered';
        tries.push(time.now());
        if (answer === 'no answer') throw new SocketTrouble(undefined);
        if (typeof answer === 'number') throw new SocketTrouble(answer);
        return answer;
      },
    };
  }
  const time = new ManualClock();
  const retry = { milliseconds: 10_000, random: () => 0.5 };
  const one = () => ({ recipients: pages(['a']), frame, clock: time, concurrency: 1, retry });

  it.each([429, 500, 'no answer' as const])('is retried after %s, with longer pauses', async (trouble) => {
    const sender = scripted(trouble, trouble, trouble, 'delivered');
    const begin = time.now();
    const report = await time.finish(fanOut({ ...one(), sender }));
    expect(report).toMatchObject({ delivered: 1, retried: 3, lost: 0, milliseconds: 700 });
    expect(sender.tries.map((at) => at - begin)).toEqual([0, 100, 300, 700]);
  });

  it('is lost after its deadline', async () => {
    const sender = scripted(429);
    const report = await time.finish(fanOut({ ...one(), sender }));
    expect(report).toMatchObject({ delivered: 0, lost: 1 });
    expect(report.milliseconds).toBeLessThanOrEqual(10_000);
    expect(report.retried).toBe(sender.tries.length - 1);
  });

  it('is not retried after gone', async () => {
    const sender = scripted(429, 'gone');
    expect(await time.finish(fanOut({ ...one(), sender }))).toMatchObject({ gone: [recipient('a')], retried: 1 });
    expect(sender.tries).toHaveLength(2);
  });

  it.each([[400], [403], [413]])('does not include one that API Gateway rejects with %s', async (status) => {
    const sender = scripted(status);
    expect(await time.finish(fanOut({ ...one(), sender }))).toMatchObject({ lost: 1, retried: 0 });
  });

  it('takes no slot while it waits', async () => {
    const sockets = new FakeSockets(time).open('a', 'b', 'c');
    sockets.break('a');
    const recipients = pages(['a', 'b', 'c']);
    const done = fanOut({ ...one(), recipients, sender: sockets });
    await settle();
    expect([sockets.heardBy('b'), sockets.heardBy('c')]).toEqual([['x'], ['x']]);
    sockets.mend('a');
    expect(await time.finish(done)).toMatchObject({ delivered: 3, lost: 0 });
  });

  it('counts against the concurrency, and none is lost before its deadline', async () => {
    const ids = Array.from({ length: 500 }, (_, n) => String(n));
    const now = { underWay: 0, most: 0 };
    const failing = new Set(ids.filter((_, n) => n % 3 > 0));
    const sender = {
      async post(id: string): Promise<Delivery> {
        now.underWay += 1;
        now.most = Math.max(now.most, now.underWay);
        await Promise.resolve();
        now.underWay -= 1;
        if (failing.delete(id)) throw new SocketTrouble(429);
        return 'delivered';
      },
    };
    const report = await time.finish(fanOut({ ...one(), recipients: pages(ids), sender, concurrency: 7 }));
    expect(report).toMatchObject({ delivered: 500, retried: 333, lost: 0 });
    expect(now.most).toBeLessThanOrEqual(7);
  });
});

// Each post that waits for a retry keeps its recipient and a timer. Without a maximum, all pages of a large channel
// would be read into memory while API Gateway throttles for minutes.
describe('while 10,000 posts wait for a retry', () => {
  it('no other post begins and no further page is read', async () => {
    const most = 10_000;
    const begun = { pages: 0, posts: 0 };
    async function* recipients() {
      for (; begun.pages < 12; begun.pages += 1) {
        yield Array.from({ length: 1000 }, (_, n) => recipient(`${begun.pages}-${n}`));
      }
    }
    const wakings: (() => void)[] = [];
    const stopped = { now: () => 0, pause: () => new Promise<void>((wake) => void wakings.push(wake)) };
    let allowed = 0;
    const sender = {
      async post(): Promise<Delivery> {
        begun.posts += 1;
        allowed -= 1;
        if (allowed < 0) throw new SocketTrouble(429);
        return 'delivered';
      },
    };
    const retry = { milliseconds: 10_000, random: () => 0.5 };
    const done = fanOut({ recipients: recipients(), frame, clock: stopped, sender, concurrency: 256, retry });
    await settle();
    expect(begun).toEqual({ pages: most / 1000, posts: most });

    allowed = 1;
    wakings.shift()?.();
    await settle();
    // Its second try, and the first try of the post that has waited.
    expect(begun.posts).toBe(most + 2);
    allowed = Infinity;
    for (const wake of wakings) wake();
    expect(await done).toMatchObject({ delivered: 12_000, retried: most + 1, lost: 0 });
  });
});

describe('the pace of a fan-out', () => {
  it('starts no post before it is due, and counts the posts of other workers', async () => {
    const time = new ManualClock();
    const pace = { startsAt: time.now(), burst: 10, rate: 100 };
    const ids = Array.from({ length: 12 }, (_, n) => String(n));
    const times: number[] = [];
    const sender = {
      async post() {
        times.push(time.now() - pace.startsAt);
        return 'delivered' as const;
      },
    };
    await time.finish(fanOut({ recipients: pages(ids), frame, clock: time, sender, concurrency: 5, pace, before: 4 }));
    expect(times).toEqual([0, 0, 0, 0, 0, 0, 0, 10, 20, 30, 40, 50]);
  });
});
