import { describe, expect, it } from 'vitest';
import type { GuardMemory, GuardState } from '../../functions/core/sessions/guard-memory.ts';
import { ManualClock } from '../fakes/clock.ts';

/** The contract of every GuardMemory. `create` makes an empty one, with the time of `clock`. */
export function describeGuardMemory(name: string, create: (clock: ManualClock) => Promise<GuardMemory>): void {
  async function scene() {
    const clock = new ManualClock('2026-11-20T12:00:00.789Z');
    const inSeconds = (seconds: number) => Math.floor(clock.now() / 1000) + seconds;
    return { clock, inSeconds, minute: Math.floor(clock.now() / 60_000), memory: await create(clock) };
  }
  const full = (minute: number): GuardState => ({
    salt: Uint8Array.from([1, 2, 255]),
    users: new Map([
      ['00000000', { known: minute }],
      ['0a0b0c0d', { lost: minute - 9, unanswered: minute - 254 }],
      ['ffffffff', { known: minute - 1, lost: minute, unanswered: minute - 2 }],
    ]),
    limit: 'fffffffe',
    silences: new Map([
      ['0a0b0c0d00000000', { since: minute - 20, checks: 21 }],
      ['ffffffff12345678', { since: minute, checks: 0 }],
    ]),
    heldSince: minute - 100,
    doubtSince: minute - 3,
    runsInVain: 3,
  });
  const plain = (state: GuardState) => ({ ...state, salt: [...state.salt] });

  describe(`${name}: the guard's memory`, () => {
    it('is empty at first, with a salt', async () => {
      const { memory } = await scene();
      const state = await memory.read();
      expect(state).toMatchObject({ users: new Map(), silences: new Map(), runsInVain: 0 });
      expect(state.heldSince).toBeUndefined();
      expect(state.salt.length).toBeGreaterThan(0);
    });

    it('is the latest state that was written', async () => {
      const { memory, minute, inSeconds } = await scene();
      await memory.write(full(minute), minute, inSeconds(60));
      expect(plain(await memory.read())).toEqual(plain(full(minute)));
      const { heldSince: _, doubtSince: __, ...calm } = full(minute);
      const empty = { ...calm, users: new Map(), silences: new Map() };
      await memory.write(empty, minute + 1, inSeconds(60));
      expect(plain(await memory.read())).toEqual(plain(empty));
    });

    it('is empty once it has expired, although its row may still exist', async () => {
      const { clock, memory, minute, inSeconds } = await scene();
      await memory.write(full(minute), minute, inSeconds(60));
      await clock.advance(60_000);
      expect(await memory.read()).toMatchObject({ users: new Map(), runsInVain: 0 });
    });

    it('stays released until a time, despite writes meanwhile', async () => {
      const { clock, memory, minute, inSeconds } = await scene();
      expect(await memory.isReleased()).toBe(false);
      await memory.release(inSeconds(60));
      await memory.write(full(minute), minute, inSeconds(600));
      expect(await memory.isReleased()).toBe(true);
      await clock.advance(59_000);
      await memory.release(inSeconds(60));
      await clock.advance(59_000);
      expect(await memory.isReleased()).toBe(true);
      await clock.advance(1000);
      expect(await memory.isReleased()).toBe(false);
    });
  });
}
