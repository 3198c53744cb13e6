import { describe, expect, it } from 'vitest';
import type { Members } from '../../functions/core/channels/members.ts';
import { connectionLifetime } from '../../functions/core/connections/connection.ts';
import { ManualClock } from '../fakes/clock.ts';

const room = 'presence-room';
const gonzalo = { userId: '42', userInfo: { name: 'Gonzalo' } };

/** The contract of every Members. `create` makes one without members, with the time of `clock`. */
export function describeMembers(name: string, create: (clock: ManualClock) => Promise<Members>): void {
  async function scene() {
    const clock = new ManualClock('2026-11-20T12:00:00.789Z');
    return { clock, members: await create(clock) };
  }

  describe(`${name}: a member of a presence channel`, () => {
    it('joins with the first connection of the user and leaves with the last', async () => {
      const { members } = await scene();
      expect(await members.join(room, gonzalo, 'a')).toBe(true);
      expect(await members.join(room, gonzalo, 'b')).toBe(false);
      expect(await members.leave(room, '42', 'a')).toBe(false);
      expect(await members.of(room)).toEqual([gonzalo]);
      expect(await members.leave(room, '42', 'b')).toBe(true);
      expect(await members.of(room)).toEqual([]);
    });

    it('joins once and leaves once if two connections of the user do it at the same time', async () => {
      const { members } = await scene();
      const ids = ['a', 'b', 'c', 'd', 'e'];
      const joined = await Promise.all(ids.map((id) => members.join(room, gonzalo, id)));
      expect(joined.filter((isFirst) => isFirst)).toEqual([true]);
      const left = await Promise.all(ids.map((id) => members.leave(room, '42', id)));
      expect(left.filter((isLast) => isLast)).toEqual([true]);
      expect(await members.of(room)).toEqual([]);
    });

    it('neither joins nor leaves by a repetition', async () => {
      const { members } = await scene();
      await members.join(room, gonzalo, 'a');
      expect(await members.join(room, gonzalo, 'a')).toBe(false);
      expect(await members.leave(room, '42', 'a')).toBe(true);
      expect(await members.leave(room, '42', 'a')).toBe(false);
    });

    it('does not change if an absent connection leaves, and none is created', async () => {
      const { members } = await scene();
      await members.join(room, gonzalo, 'a');
      expect(await members.leave(room, '42', 'never')).toBe(false);
      expect(await members.leave(room, '43', 'a')).toBe(false);
      expect(await members.leave('presence-other', '42', 'a')).toBe(false);
      expect(await members.of(room)).toEqual([gonzalo]);
      expect(await members.of('presence-other')).toEqual([]);
    });

    it('may join and leave any number of times', async () => {
      const { members } = await scene();
      for (const id of ['a', 'b', 'c']) {
        expect(await members.join(room, gonzalo, id)).toBe(true);
        expect(await members.leave(room, '42', id)).toBe(true);
      }
    });

    it('is one of many, each with their latest user_info', async () => {
      const { members } = await scene();
      await members.join(room, gonzalo, 'a');
      await members.join(room, { userId: '43' }, 'b');
      await members.join(room, { userId: '44', userInfo: null }, 'c');
      await members.join(room, { userId: '__proto__', userInfo: ['a', 1] }, 'd');
      await members.join(room, { userId: '42', userInfo: { name: 'G.' } }, 'e');
      expect((await members.of(room)).toSorted((a, b) => (a.userId < b.userId ? -1 : 1))).toEqual([
        { userId: '42', userInfo: { name: 'G.' } },
        { userId: '43' },
        { userId: '44', userInfo: null },
        { userId: '__proto__', userInfo: ['a', 1] },
      ]);
      await members.join(room, { userId: '42' }, 'e');
      expect((await members.of(room)).find(({ userId }) => userId === '42')).toEqual({ userId: '42' });
    });

    it('is found by user id and by connection while present', async () => {
      const { clock, members } = await scene();
      expect(await members.find(room, '42')).toBeUndefined();
      await members.join(room, gonzalo, 'a');
      expect(await members.find(room, '42')).toEqual(gonzalo);
      expect(await members.find('presence-other', '42')).toBeUndefined();
      expect(await members.of(room, 'a')).toEqual([gonzalo]);
      expect(await members.of(room, 'b')).toEqual([]);
      await members.leave(room, '42', 'a');
      expect(await members.find(room, '42')).toBeUndefined();
      await members.join(room, gonzalo, 'a');
      await clock.advance(connectionLifetime * 1000);
      expect(await members.find(room, '42')).toBeUndefined();
    });

    it('is present for as long as a connection may be open, and then expires', async () => {
      const { clock, members } = await scene();
      await members.join(room, gonzalo, 'lost');
      await clock.advance(connectionLifetime * 1000);
      expect(await members.of(room)).toEqual([]);
      expect(await members.join(room, gonzalo, 'b')).toBe(true);
      expect(await members.of(room)).toEqual([gonzalo]);
      expect(await members.leave(room, '42', 'b')).toBe(true);
    });

    it('stays longer with each further connection', async () => {
      const { clock, members } = await scene();
      await members.join(room, gonzalo, 'a');
      await clock.advance((connectionLifetime - 1) * 1000);
      await members.join(room, gonzalo, 'b');
      await clock.advance(2000);
      expect(await members.of(room)).toEqual([gonzalo]);
    });
  });
}
