import { afterEach, describe, expect, it } from 'vitest';
import { createClock, type MovableClock } from '../../local/clock.ts';

const clocks: MovableClock[] = [];
afterEach(() => {
  for (const clock of clocks.splice(0)) clock.close();
});

/** A clock on a frozen machine time, so that only moves count. */
function frozen(startMs = 1_000_000): MovableClock {
  const clock = createClock(() => startMs);
  clocks.push(clock);
  return clock;
}

describe('a moved clock', () => {
  it('is ahead of the machine by the moved time', () => {
    const clock = frozen(5_000);
    clock.advance(600);
    clock.advance(400);
    expect(clock.now()).toBe(6_000);
    expect(clock.aheadMs).toBe(1_000);
  });

  it('runs due callbacks in order, each at its own time', () => {
    const clock = frozen(0);
    const ran: string[] = [];
    const note = (name: string) => () => ran.push(`${name} at ${clock.now()}`);
    clock.after(300, note('late'));
    clock.after(100, note('early'));
    clock.after(1_000, note('not yet'));
    clock.advance(999);
    expect(ran).toEqual(['early at 100', 'late at 300']);
    clock.advance(1);
    expect(ran.at(-1)).toBe('not yet at 1000');
  });

  it('runs callbacks that were added during the move', () => {
    const clock = frozen(0);
    const ticks: number[] = [];
    const tick = () => {
      ticks.push(clock.now());
      clock.after(60_000, tick);
    };
    clock.after(60_000, tick);
    clock.advance(180_000);
    expect(ticks).toEqual([60_000, 120_000, 180_000]);
  });

  it('does not run canceled callbacks, and runs each other one once', () => {
    const clock = frozen();
    const ran: string[] = [];
    const cancel = clock.after(10, () => ran.push('forgotten'));
    clock.after(10, () => ran.push('kept'));
    cancel();
    clock.advance(100);
    clock.advance(100);
    expect(ran).toEqual(['kept']);
  });

  it('notifies listeners of each move', () => {
    const clock = frozen();
    const moves: number[] = [];
    clock.onMove(() => moves.push(clock.aheadMs));
    clock.advance(5);
    clock.advance(7);
    expect(moves).toEqual([5, 12]);
  });

  it('does not move back', () => {
    expect(() => frozen().advance(-1)).toThrow('A clock moves only forward');
    expect(() => frozen().advance(Number.NaN)).toThrow('A clock moves only forward');
    // With an infinite move a schedule would come due forever.
    expect(() => frozen().advance(Number.POSITIVE_INFINITY)).toThrow('A clock moves only forward');
  });
});

it('a clock that is not moved runs at the speed of the machine', async () => {
  const clock = createClock();
  clocks.push(clock);
  const before = Date.now();
  await new Promise<void>((resolve) => clock.after(5, resolve));
  expect(clock.now()).toBeGreaterThanOrEqual(before + 5);
});

it('a clock can wait longer than setTimeout', async () => {
  const clock = createClock();
  clocks.push(clock);
  let hasRun = false;
  clock.after(2 ** 40, () => {
    hasRun = true;
  });
  await new Promise<void>((resolve) => clock.after(5, resolve));
  expect(hasRun).toBe(false);
});
