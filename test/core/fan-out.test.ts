import { setImmediate as settle } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fanOut } from '../../functions/core/fan-out.ts';
import type { Delivery } from '../../functions/core/socket-sender.ts';
import { FakeSockets } from '../fakes/sockets.ts';

const frame = '{"event":"x"}';
const recipient = (connectionId: string) => ({ principalId: `user:${connectionId}`, connectionId });

async function* pages(...ids: readonly (readonly string[])[]) {
  for (const page of ids) yield page.map(recipient);
}

/** Posts that end when the test says so. */
function slowSockets() {
  const waiting: { connectionId: string; end: (delivery: Delivery) => void }[] = [];
  const post = (connectionId: string) =>
    new Promise<Delivery>((end) => {
      waiting.push({ connectionId, end });
    });
  return { waiting, post, begun: () => waiting.map(({ connectionId }) => connectionId) };
}

it('posts to everyone and counts', async () => {
  const sender = new FakeSockets().open('a', 'b', 'c');
  const report = await fanOut({ recipients: pages(['a', 'b'], [], ['c']), frame, sender, concurrency: 2 });
  expect(report).toEqual({ delivered: 3, failed: 0, gone: [] });
  for (const id of ['a', 'b', 'c']) expect(sender.heardBy(id)).toEqual(['x']);
});

it('has nothing to do for nobody', async () => {
  const report = await fanOut({ recipients: pages(), frame, sender: new FakeSockets(), concurrency: 1 });
  expect(report).toEqual({ delivered: 0, failed: 0, gone: [] });
});

it('tells who is gone, and decides nothing about them', async () => {
  const sender = new FakeSockets().open('b');
  const report = await fanOut({ recipients: pages(['a', 'b', 'c']), frame, sender, concurrency: 5 });
  expect(report).toEqual({ delivered: 1, failed: 0, gone: [recipient('a'), recipient('c')] });
});

describe('one socket that fails', () => {
  it('never stops the rest', async () => {
    const sender = new FakeSockets().open('a', 'b', 'c');
    sender.break('a');
    const report = await fanOut({ recipients: pages(['a', 'b'], ['c']), frame, sender, concurrency: 1 });
    expect(report).toEqual({ delivered: 2, failed: 1, gone: [] });
  });

  it('never stops the rest when its post throws at once', async () => {
    const post = (id: string) => {
      if (id === 'a') throw new TypeError('not a promise');
      return Promise.resolve('delivered' as const);
    };
    const report = await fanOut({ recipients: pages(['a', 'b', 'c']), frame, sender: { post }, concurrency: 1 });
    expect(report).toMatchObject({ delivered: 2, failed: 1 });
  });
});

describe('concurrency', () => {
  it('is kept: the next post begins when one has ended, whichever it was', async () => {
    const sender = slowSockets();
    const done = fanOut({ recipients: pages(['a', 'b', 'c', 'd']), frame, sender, concurrency: 2 });
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

  it('holds for any number of recipients, pages and failures, and nobody is forgotten', async () => {
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
          const report = await fanOut({ recipients: pages(...all), frame, sender, concurrency: limit });
          const count = (kind: string) => all.flat().filter((each) => each === kind).length;
          expect(now.most).toBeLessThanOrEqual(limit);
          expect([report.delivered, report.gone.length, report.failed]).toEqual(
            ['delivered', 'gone', 'failed'].map(count),
          );
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe('pages', () => {
  it('are posted to before the last one is read', async () => {
    const sender = slowSockets();
    const last = slowSockets();
    async function* recipients() {
      yield [recipient('a')];
      await last.post('');
      yield [recipient('b')];
    }
    const done = fanOut({ recipients: recipients(), frame, sender, concurrency: 10 });
    await settle();
    expect(sender.begun()).toEqual(['a']);
    last.waiting[0]?.end('delivered');
    await settle();
    expect(sender.begun()).toEqual(['a', 'b']);
    for (const { end } of sender.waiting) end('delivered');
    expect(await done).toMatchObject({ delivered: 2 });
  });

  it('are not read ahead of the posts, so that memory stays flat', async () => {
    const sender = slowSockets();
    const read = { pages: 0 };
    async function* recipients() {
      for (const id of ['a', 'b', 'c']) {
        read.pages += 1;
        yield [recipient(id)];
      }
    }
    const done = fanOut({ recipients: recipients(), frame, sender, concurrency: 1 });
    await settle();
    expect(read.pages).toBe(2);
    for (let n = 0; n < 3; n++) {
      sender.waiting[n]?.end('delivered');
      await settle();
    }
    expect(await done).toMatchObject({ delivered: 3 });
  });

  it('that cannot be read are a fault, told to the caller', async () => {
    async function* recipients() {
      yield [recipient('a')];
      throw new Error('the table cannot be read');
    }
    const sender = new FakeSockets().open('a');
    await expect(fanOut({ recipients: recipients(), frame, sender, concurrency: 1 })).rejects.toThrow('the table');
  });
});
