import { afterEach, describe, expect, it } from 'vitest';
import { createClock, type MovableClock } from '../../local/clock.ts';

const clocks: MovableClock[] = [];
afterEach(() => {
  for (const clock of clocks.splice(0)) clock.close();
});

/** A machine whose time stands still, so that only the moves count. */
function frozen(startMs = 1_000_000): MovableClock {
  const clock = createClock(() => startMs);
  clocks.push(clock);
  return clock;
}

describe('a clock that is moved', () => {
  it('is ahead of the machine by what it was moved', () => {
    const clock = frozen(5_000);
    clock.advance(600);
    clock.advance(400);
    expect(clock.now()).toBe(6_000);
    expect(clock.aheadMs).toBe(1_000);
  });

  it('runs what comes due on the way, in its order and each at its own time', () => {
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

  it('runs what was begun on the way as well', () => {
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

  it('does not run what was forgotten, and each only once', () => {
    const clock = frozen();
    const ran: string[] = [];
    const forget = clock.after(10, () => ran.push('forgotten'));
    clock.after(10, () => ran.push('kept'));
    forget();
    clock.advance(100);
    clock.advance(100);
    expect(ran).toEqual(['kept']);
  });

  it('tells of each move', () => {
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
    // To the end of time a schedule would come due for ever.
    expect(() => frozen().advance(Number.POSITIVE_INFINITY)).toThrow('A clock moves only forward');
  });
});

it('runs at the speed of the machine when nobody moves it', async () => {
  const clock = createClock();
  clocks.push(clock);
  const before = Date.now();
  await new Promise<void>((resolve) => clock.after(5, resolve));
  expect(clock.now()).toBeGreaterThanOrEqual(before + 5);
});

it('waits longer than setTimeout can without running at once', async () => {
  const clock = createClock();
  clocks.push(clock);
  let hasRun = false;
  clock.after(2 ** 40, () => {
    hasRun = true;
  });
  await new Promise<void>((resolve) => clock.after(5, resolve));
  expect(hasRun).toBe(false);
});
