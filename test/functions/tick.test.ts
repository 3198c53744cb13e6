import { setImmediate as settle } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createTick } from '../../functions/tick.ts';
import { MemoryClaims } from '../fakes/claims.ts';
import { ManualClock } from '../fakes/clock.ts';
import { LoggedLines } from '../fakes/logged-lines.ts';
import { failNext, justAfter, justBefore } from '../fakes/order.ts';
import { MemoryRegistry } from '../fakes/registry.ts';
import { FakeSockets } from '../fakes/sockets.ts';

const minuteMs = 60_000;

/** A run of one minute by default. */
function scene(start = '2026-11-20T12:00:00.000Z', minutes = 1) {
  const clock = new ManualClock(start);
  const registry = new MemoryRegistry(clock, 2);
  const claims = new MemoryClaims(clock);
  const sockets = new FakeSockets(clock);
  const logged = new LoggedLines();
  const tick = createTick({ registry, claims, sender: sockets, clock, minutes, log: logged.log });
  const claim = `tick:${Math.floor(clock.now() / minuteMs)}`;

  async function seat(id: string) {
    sockets.open(id);
    return registry.seat(id);
  }
  /** A normal disconnect: the socket is closed and `$disconnect` has run. */
  async function depart(connection: { principalId: string; connectionId: string }) {
    sockets.close(connection.connectionId);
    await registry.leave(connection);
  }
  return { clock, registry, claims, sockets, logged, tick, claim, seat, depart };
}

/** Every second from the first to the last, none twice. */
function secondsFrom(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, n) => first + n);
}

describe('one minute', () => {
  it('has one hello in each of its seconds for everyone', async () => {
    const { clock, sockets, logged, tick, seat } = scene();
    const first = clock.now() / 1000;
    for (const id of ['a', 'b', 'c']) await seat(id);
    await clock.finish(tick());
    for (const id of ['a', 'b', 'c']) expect(sockets.secondsOf(id)).toEqual(secondsFrom(first, 60));
    expect(new Set(sockets.heardBy('a'))).toEqual(new Set(['hello']));
    expect(logged.count('Delivered')).toBe(180);
    expect(logged.lines).toHaveLength(1);
  });

  it('is served to its end by a run that starts in the middle of it', async () => {
    const { clock, sockets, tick, seat } = scene('2026-11-20T12:00:41.300Z');
    await seat('a');
    await clock.finish(tick());
    expect(sockets.secondsOf('a')).toEqual(secondsFrom(Date.parse('2026-11-20T12:00:41Z') / 1000, 19));
  });

  it('belongs to one of several runs that start at once', async () => {
    const { clock, sockets, tick, seat } = scene();
    await seat('a');
    await clock.finish(Promise.all([tick(), tick(), tick()]));
    expect(sockets.secondsOf('a')).toEqual(secondsFrom(Date.parse('2026-11-20T12:00:00Z') / 1000, 60));
  });

  it('belongs to the first run, although each connect starts another', async () => {
    const { clock, sockets, tick, seat } = scene();
    await seat('a');
    const speaking = tick();
    await clock.advance(10_500);
    await seat('b');
    await clock.finish(Promise.all([speaking, tick()]));
    expect(sockets.secondsOf('a')).toEqual(secondsFrom(Date.parse('2026-11-20T12:00:00Z') / 1000, 60));
    expect(sockets.secondsOf('b')).toEqual(secondsFrom(Date.parse('2026-11-20T12:00:11Z') / 1000, 49));
  });

  it('stays claimed until it is over, although its run has died', async () => {
    const { clock, registry, claims, sockets, tick, claim, seat } = scene();
    await seat('a');
    justAfter(claims, 'claim', async () => {
      throw new Error('killed');
    });
    await expect(tick()).rejects.toThrow('killed');
    expect(claims.isHeld(claim)).toBe(true);
    await clock.advance(minuteMs);
    await clock.finish(tick());
    expect(sockets.secondsOf('a')).toEqual(secondsFrom(Date.parse('2026-11-20T12:01:00Z') / 1000, 60));
    expect(registry.rows).toHaveLength(1);
  });
});

describe('the next minute', () => {
  it('is taken over without a gap and without a duplicate hello', async () => {
    const { clock, sockets, tick, seat } = scene('2026-11-20T12:00:30.000Z');
    await seat('a');
    const first = tick();
    await clock.advance(30_000);
    await clock.finish(Promise.all([first, tick()]));
    expect(sockets.secondsOf('a')).toEqual(secondsFrom(Date.parse('2026-11-20T12:00:30Z') / 1000, 90));
  });

  it('has all its seconds, although a slow round of the minute before ends in it', async () => {
    const { clock, sockets, tick, seat } = scene('2026-11-20T12:00:58.000Z');
    await seat('a');
    const first = tick();
    await clock.advance(500);
    justBefore(sockets, 'post', () => clock.pause(1_200));
    await clock.advance(1_500);
    await clock.finish(Promise.all([first, tick()]));
    const [early, ...rest] = sockets.secondsOf('a');
    const next = Date.parse('2026-11-20T12:01:00Z') / 1000;
    expect(early).toBe(next - 2);
    // The late one, which belongs to the second before, and one for each.
    expect(rest.toSorted()).toEqual([next, ...secondsFrom(next, 60)]);
  });

  // Otherwise a scheduled run whose clock is slightly ahead would find this minute claimed, and the next one would have
  // no hello.
  it('is served, once, by a run that starts in the last second of this one', async () => {
    const { clock, sockets, tick, seat } = scene('2026-11-20T12:00:59.100Z');
    await seat('a');
    const early = tick();
    await clock.advance(899);
    const alsoEarly = tick();
    await clock.advance(50);
    await clock.finish(Promise.all([early, alsoEarly, tick()]));
    expect(sockets.secondsOf('a')).toEqual(secondsFrom(Date.parse('2026-11-20T12:01:00Z') / 1000, 60));
  });
});

describe('a run of several minutes', () => {
  // A schedule may be late by many seconds, and until then there would be no hello.
  it('continues without a gap, and the schedule finds each minute claimed', async () => {
    const { clock, sockets, tick, seat } = scene('2026-11-20T12:00:30.000Z', 3);
    await seat('a');
    const run = tick();
    await clock.advance(37_000);
    await clock.finish(tick());
    expect(clock.now()).toBe(Date.parse('2026-11-20T12:01:07Z'));
    await clock.finish(run);
    expect(sockets.secondsOf('a')).toEqual(secondsFrom(Date.parse('2026-11-20T12:00:30Z') / 1000, 150));
  });

  it('ends when another run has claimed the next minute', async () => {
    const { clock, claims, sockets, tick, seat } = scene('2026-11-20T12:00:30.000Z', 3);
    await seat('a');
    const run = tick();
    await clock.advance(1_000);
    await claims.claim(`tick:${Date.parse('2026-11-20T12:01:00Z') / minuteMs}`, clock.now() / 1000 + 120);
    await clock.finish(run);
    expect(sockets.secondsOf('a')).toEqual(secondsFrom(Date.parse('2026-11-20T12:00:30Z') / 1000, 30));
  });
});

describe('a slow round', () => {
  // It used to send the hello of second 5 right after the late one of second 2: twice within a moment.
  it('skips the seconds that it overlaps, instead of catching up', async () => {
    const { clock, sockets, tick, seat } = scene();
    const start = clock.now() / 1000;
    await seat('a');
    const speaking = tick();
    await clock.advance(1_500);
    justBefore(sockets, 'post', () => clock.pause(3_200));
    await clock.finish(speaking);
    const seconds = sockets.secondsOf('a').map((second) => second - start);
    // The hello of second 2 arrives in second 5, and is the one of that second.
    expect(seconds.slice(0, 5)).toEqual([0, 1, 5, 6, 7]);
    expect(new Set(seconds).size).toBe(seconds.length);
  });
});

describe('a timer that fires early', () => {
  it('does not send hello twice in the same second', async () => {
    const { clock, sockets, tick, seat } = scene();
    await seat('a');
    const pause = clock.pause.bind(clock);
    clock.pause = (milliseconds) => pause(Math.max(0, milliseconds - 2));
    await clock.finish(tick());
    expect(sockets.heardBy('a')).toHaveLength(60);
  });
});

describe('a run without any connection', () => {
  it('ends at once, without a claim, a post or a log line', async () => {
    const { claims, sockets, logged, tick } = scene();
    await tick();
    expect(claims.names).toEqual([]);
    expect(sockets.posts).toBe(0);
    expect(logged.lines).toEqual([]);
  });

  it('ends at once when all connections have expired, although their rows are still there', async () => {
    const { clock, registry, claims, tick } = scene();
    await registry.seat('old', { connectedAt: clock.now() - 3 * 3_600_000 });
    await tick();
    expect(registry.rows).toHaveLength(1);
    expect(claims.names).toEqual([]);
  });

  it('ends at once when no connection was welcomed in time', async () => {
    const { clock, registry, claims, tick } = scene();
    await registry.seat('litter', { welcomed: false, connectedAt: clock.now() - 30_000 });
    await tick();
    expect(claims.names).toEqual([]);
  });

  it('ends within a second after the last one has left, and releases the minute', async () => {
    const { clock, claims, claim, tick, seat, depart } = scene();
    const a = await seat('a');
    const begin = clock.now();
    const speaking = tick();
    await clock.advance(5_500);
    await depart(a);
    await clock.finish(speaking);
    expect(clock.now() - begin).toBeLessThanOrEqual(6_500);
    expect(claims.isHeld(claim)).toBe(false);
  });
});

describe('a connection without its welcome', () => {
  it('gets nothing, and gets hello from the second after the welcome', async () => {
    const { clock, registry, sockets, tick } = scene();
    const start = clock.now() / 1000;
    sockets.open('young');
    const young = await registry.seat('young', { welcomed: false });
    const speaking = tick();
    await clock.advance(4_500);
    expect(sockets.heardBy('young')).toEqual([]);
    await registry.markWelcomed(young, clock.now());
    await clock.finish(speaking);
    expect(sockets.secondsOf('young')).toEqual(secondsFrom(start + 5, 55));
  });

  it('keeps the run going for as long as a welcome may take, and no longer', async () => {
    const { clock, registry, sockets, tick } = scene();
    const begin = clock.now();
    await registry.seat('lost', { welcomed: false });
    await clock.finish(tick());
    expect(clock.now() - begin).toBe(30_000);
    expect(sockets.posts).toBe(0);
    expect(registry.rows).toHaveLength(1);
  });

  it('never counts as gone, and is never removed', async () => {
    const { clock, registry, tick, seat } = scene();
    await seat('a');
    const young = await registry.seat('young', { welcomed: false });
    await clock.finish(tick());
    expect(registry.has(young)).toBe(true);
  });
});

describe('a socket', () => {
  it('that is gone is removed, and the others still get hello', async () => {
    const { clock, registry, sockets, logged, tick, seat } = scene();
    const [a, b] = [await seat('a'), await seat('b')];
    const speaking = tick();
    await clock.advance(5_500);
    sockets.close('a');
    await clock.finish(speaking);
    expect(registry.has(a)).toBe(false);
    expect(registry.has(b)).toBe(true);
    expect(sockets.heardBy('b')).toHaveLength(60);
    expect(logged.count('Gone')).toBe(1);
  });

  it('to which a post fails stays, and gets the next hello', async () => {
    const { clock, registry, sockets, logged, tick, seat } = scene('2026-11-20T12:00:50.000Z');
    const [a] = [await seat('a'), await seat('b')];
    sockets.break('a');
    await clock.finish(tick());
    expect(registry.has(a)).toBe(true);
    expect(logged.count('Lost')).toBe(10);
    expect(sockets.heardBy('b')).toHaveLength(10);
  });

  it('that is the last one and gone ends the run', async () => {
    const { clock, registry, claims, claim, tick } = scene();
    await registry.seat('gone');
    const begin = clock.now();
    await clock.finish(tick());
    expect(clock.now()).toBe(begin);
    expect(registry.rows).toEqual([]);
    expect(claims.isHeld(claim)).toBe(false);
  });
});

// The minute is claimed, so a client that connects starts a run that ends at once. When the old run then ends because
// it saw nobody, one of the two runs must still serve the new client: the later one.
describe('a client that connects after everybody has left', () => {
  async function emptied() {
    const the = scene('2026-11-20T12:00:10.000Z');
    const last = await the.seat('last');
    const speaking = the.tick();
    await the.clock.advance(1_500);
    await the.depart(last);
    return { ...the, speaking };
  }
  const minuteEnd = Date.parse('2026-11-20T12:01:00Z') / 1000;

  it('before the claim is released: its run ends, and the old run looks again', async () => {
    const { clock, claims, sockets, tick, seat, speaking } = await emptied();
    const newcomers = { ended: false };
    justBefore(claims, 'release', async () => {
      await seat('new');
      await tick();
      newcomers.ended = true;
      expect(sockets.heardBy('new')).toEqual([]);
    });
    await clock.finish(speaking);
    expect(newcomers.ended).toBe(true);
    const first = Date.parse('2026-11-20T12:00:12Z') / 1000;
    expect(sockets.secondsOf('new')).toEqual(secondsFrom(first, minuteEnd - first));
  });

  it('after the claim is released: its run takes the minute, and the old run ends', async () => {
    const { clock, claims, claim, sockets, tick, seat, speaking } = await emptied();
    const other: Promise<void>[] = [];
    justAfter(claims, 'release', async () => {
      await seat('new');
      other.push(tick());
      await settle();
      expect(claims.isHeld(claim)).toBe(true);
    });
    await clock.finish(speaking);
    expect(sockets.heardBy('new')).toHaveLength(1);
    await clock.finish(Promise.all(other));
    const first = Date.parse('2026-11-20T12:00:12Z') / 1000;
    expect(sockets.secondsOf('new')).toEqual(secondsFrom(first, minuteEnd - first));
  });

  it('after the old run has looked a last time: its run finds the minute free', async () => {
    const { clock, claims, claim, sockets, tick, seat, speaking } = await emptied();
    await clock.finish(speaking);
    expect(claims.isHeld(claim)).toBe(false);
    await seat('new');
    await clock.finish(tick());
    expect(sockets.secondsOf('new').at(-1)).toBe(minuteEnd - 1);
  });
});

describe('a fault', () => {
  it('of the table fails the run', async () => {
    const { claims, tick, seat } = scene();
    await seat('a');
    failNext(claims, 'claim');
    await expect(tick()).rejects.toThrow('the network is down');
  });

  it('in the middle of a minute releases the minute, so that the next run can claim it', async () => {
    const { clock, registry, claims, tick, claim, seat } = scene();
    await seat('a');
    const run = tick();
    await clock.advance(5_000);
    registry.everyone = () => {
      throw new Error('the network is down');
    };
    await expect(clock.finish(run)).rejects.toThrow('the network is down');
    expect(claims.isHeld(claim)).toBe(false);
  });
});
