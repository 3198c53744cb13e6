import fc from 'fast-check';
import { expect, it } from 'vitest';
import { endsSoonMs } from '../../../functions/core/sessions/live-sessions.ts';
import { createCloseAtTheEnd, createEndWatch } from '../../../functions/core/sessions/session-ends.ts';
import { createMemoryChannels } from '../../fakes/channels.ts';
import { MemoryClaims } from '../../fakes/claims.ts';
import { ManualClock } from '../../fakes/clock.ts';
import { failNext } from '../../fakes/order.ts';

const hash = 'a'.repeat(64);

/** Two sockets whose sessions end after ten and twenty seconds. */
async function scene() {
  const channels = createMemoryChannels();
  const { clock, registry, sender, closeConnections } = channels;
  const nowSeconds = () => Math.floor(clock.now() / 1000);
  const enter = async (id: string, seconds: number) => {
    sender.open(id);
    const at = nowSeconds() + seconds;
    return { connection: await registry.seat(id, { sessionHash: hash, sessionExpiresAt: at }), at };
  };
  const ending = [await enter('first', 10), await enter('second', 20)];
  const closeAtTheEnd = createCloseAtTheEnd({ live: registry, closeConnections, clock });
  const start = () => closeAtTheEnd(ending, clock.now() + 60_000);
  return { ...channels, nowSeconds, ending, start };
}

it('each socket closes at the end of its session with a code that lets its client reconnect', async () => {
  const { clock, sender, start } = await scene();
  const work = start();
  await clock.advance(9_000);
  expect([sender.isOpen('first'), sender.isOpen('second')]).toEqual([true, true]);
  await clock.advance(1_000);
  expect([sender.isOpen('first'), sender.isOpen('second')]).toEqual([false, true]);
  expect(sender.framesHeardBy('first')).toMatchObject([{ event: 'pusher:error', data: { code: 4200 } }]);
  await clock.advance(10_000);
  expect(await work).toEqual({ found: 2, closed: 2, gone: 0, failed: 0 });
  expect(sender.isOpen('second')).toBe(false);
});

it.each([
  ['has been prolonged', 100],
  ['has no end any more', undefined],
])('the socket of a session that %s meanwhile stays open', async (_, seconds) => {
  const { clock, registry, sender, ending, nowSeconds, start } = await scene();
  const sessionExpiresAt = seconds === undefined ? undefined : nowSeconds() + seconds;
  for (const { connection } of ending) await registry.prolong(connection, hash, { validUntil: 0, sessionExpiresAt });
  expect(await clock.finish(start())).toMatchObject({ found: 0 });
  expect(sender.isOpen('first')).toBe(true);
});

it('a connection that has left meanwhile is skipped at the end of its session', async () => {
  const { clock, registry, ending, start } = await scene();
  for (const { connection } of ending) await registry.leave(connection);
  expect(await clock.finish(start())).toMatchObject({ found: 0 });
});

it('a socket that cannot be closed at the end of its session is retried', async () => {
  const { clock, sender, start } = await scene();
  failNext(sender, 'close');
  expect(await clock.finish(start())).toEqual({ found: 2, closed: 2, gone: 0, failed: 0 });
});

it('the others close at the end of their session if one row cannot be read, which is counted', async () => {
  const { clock, registry, sender, start } = await scene();
  failNext(registry, 'find');
  expect(await clock.finish(start())).toEqual({ found: 2, closed: 1, gone: 0, failed: 1 });
  expect([sender.isOpen('first'), sender.isOpen('second')]).toEqual([true, false]);
});

// A Node timer may fire up to a millisecond before Date.now() reaches its time.
it('a socket closes at the end of its session although the timer fires a millisecond early', async () => {
  const { clock, sender, start } = await scene();
  const pause = clock.pause.bind(clock);
  clock.pause = (milliseconds) => pause(milliseconds > 1 ? milliseconds - 1 : milliseconds);
  expect(await clock.finish(start())).toMatchObject({ closed: 2 });
  expect(sender.isOpen('first')).toBe(false);
});

function watchScene() {
  const clock = new ManualClock();
  const started: number[] = [];
  const watch = createEndWatch(new MemoryClaims(clock), async (endsAt) => void started.push(endsAt), clock);
  return { clock, started, watch, nowSeconds: Math.floor(clock.now() / 1000) };
}

it('a function closes sockets one to eleven seconds after every end that is soon', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: -5, max: endsSoonMs / 1000 - 1 }), { minLength: 1 }), async (ends) => {
      const { started, watch, nowSeconds } = watchScene();
      for (const end of ends) await watch(nowSeconds + end);
      for (const end of ends.map((seconds) => nowSeconds + seconds))
        expect(started.filter((at) => at >= end + 1 && at <= end + 11)).not.toEqual([]);
      expect(started.length).toBe(new Set(started).size);
      expect(started.length).toBeLessThanOrEqual(endsSoonMs / 10_000 + 2);
    }),
  );
});

it('later ends are left to the next run', async () => {
  const { started, watch, nowSeconds } = watchScene();
  await watch(nowSeconds + endsSoonMs / 1000);
  expect(started).toEqual([]);
});
