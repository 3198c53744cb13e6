import { describe, expect, it } from 'vitest';
import type { Subscriptions } from '../../functions/core/channels/subscriptions.ts';
import { connectionLifetime } from '../../functions/core/connections/connection.ts';
import type { PageRange } from '../../functions/core/delivery/broadcast.ts';
import { ManualClock } from '../fakes/clock.ts';

/** The contract of every Subscriptions. `create` makes an empty one, with the time of `clock`. */
export function describeSubscriptions(name: string, create: (clock: ManualClock) => Promise<Subscriptions>): void {
  async function scene() {
    const clock = new ManualClock('2026-11-20T12:00:00.789Z');
    const subscriptions = await create(clock);
    const add = async (channel: string, connectionId: string, userId?: string) => {
      const connection = { principalId: `user:${connectionId}`, connectionId };
      await subscriptions.add(channel, connection, clock.now(), userId);
      return connection;
    };
    return { clock, subscriptions, add };
  }

  describe(`${name}: a subscription`, () => {
    it('is at once on its channel, and on no other', async () => {
      const { clock, subscriptions, add } = await scene();
      const a = await add('news', 'a');
      expect(await subscriptions.page('news')).toEqual({ subscribers: [a], next: undefined });
      expect(await subscriptions.page('new')).toEqual({ subscribers: [], next: undefined });
      expect(await subscriptions.find('news', a)).toEqual({ userId: undefined, joinedAt: clock.now() });
      expect(await subscriptions.find('news', { ...a, connectionId: 'b' })).toBeUndefined();
    });

    it('has the user of its connection on a presence channel', async () => {
      const { subscriptions, add } = await scene();
      const a = await add('presence-room', 'a', '42');
      expect(await subscriptions.find('presence-room', a)).toMatchObject({ userId: '42' });
      expect(await subscriptions.page('presence-room')).toMatchObject({ subscribers: [a] });
    });

    it('exists once if it was added twice, with the later time', async () => {
      const { subscriptions, add } = await scene();
      await add('presence-room', 'a', '42');
      const a = await add('presence-room', 'a', '43');
      expect(await subscriptions.count('presence-room')).toBe(1);
      expect(await subscriptions.find('presence-room', a)).toMatchObject({ userId: '43' });
    });

    it('answers the one before it, whether that is replaced or kept', async () => {
      const { clock, subscriptions, add } = await scene();
      const joinedAt = clock.now();
      const a = { principalId: 'user:a', connectionId: 'a' };
      expect(await subscriptions.add('presence-room', a, joinedAt, '42')).toBeUndefined();
      expect(await subscriptions.add('presence-room', a, joinedAt + 5, '43')).toEqual({ userId: '42', joinedAt });
      const younger = { userId: '43', joinedAt: joinedAt + 5 };
      expect(await subscriptions.add('presence-room', a, joinedAt, '44')).toEqual(younger);
      await clock.advance(connectionLifetime * 1000);
      expect(await subscriptions.add('presence-room', await add('news', 'a'), clock.now(), '45')).toBeUndefined();
    });

    it('is removed alone, and may be removed twice or without being added', async () => {
      const { subscriptions, add } = await scene();
      const [a] = [await add('news', 'a'), await add('news', 'b'), await add('sport', 'a')];
      await subscriptions.remove('news', a);
      await subscriptions.remove('news', a);
      await subscriptions.remove('never', a);
      expect(await subscriptions.find('news', a)).toBeUndefined();
      expect(await idsOf(subscriptions, 'news')).toEqual(['b']);
      expect(await idsOf(subscriptions, 'sport')).toEqual(['a']);
    });

    it('does not become older by an older frame', async () => {
      const { clock, subscriptions, add } = await scene();
      const a = await add('presence-room', 'a');
      await subscriptions.add('presence-room', a, clock.now() - 5, '42');
      expect(await subscriptions.find('presence-room', a)).toMatchObject({ joinedAt: clock.now() });
    });

    it('stays if it is newer than the frame that removes it', async () => {
      const { clock, subscriptions, add } = await scene();
      const a = await add('news', 'a');
      const joinedAt = clock.now();
      expect(await subscriptions.remove('news', a, joinedAt - 1)).toBe('younger');
      expect(await subscriptions.remove('news', a, joinedAt)).toBe('younger');
      expect(await idsOf(subscriptions, 'news')).toEqual(['a']);
      expect(await subscriptions.remove('news', a, joinedAt + 1)).toMatchObject({ joinedAt });
      expect(await subscriptions.remove('news', a, joinedAt + 1)).toBeUndefined();
      expect(await idsOf(subscriptions, 'news')).toEqual([]);
    });

    it('exists for as long as a connection may be open, although its row may exist longer', async () => {
      const { clock, subscriptions, add } = await scene();
      const a = await add('news', 'a');
      await clock.advance((connectionLifetime - 1) * 1000);
      expect(await idsOf(subscriptions, 'news')).toEqual(['a']);
      await clock.advance(1000);
      expect(await idsOf(subscriptions, 'news')).toEqual([]);
      expect(await subscriptions.find('news', a)).toBeUndefined();
      expect(await subscriptions.count('news')).toBe(0);
      expect(await occupiedIn(subscriptions)).toEqual([]);
    });
  });

  describe(`${name}: the subscribers of a channel`, () => {
    async function crowd() {
      const { subscriptions, add } = await scene();
      for (const id of ['e', 'a', 'c', 'B', 'd', '=']) await add('news', id);
      return subscriptions;
    }

    it('come in the byte order of their ids, on pages of the given size', async () => {
      const subscriptions = await crowd();
      const first = await subscriptions.page('news', { limit: 4 });
      expect(first.subscribers.map(({ connectionId }) => connectionId)).toEqual(['=', 'B', 'a', 'c']);
      expect(first.next).toBe('c');
      const second = await subscriptions.page('news', { limit: 4, after: first.next });
      expect(second.subscribers.map(({ connectionId }) => connectionId)).toEqual(['d', 'e']);
      expect(second.next).toBeUndefined();
    });

    it('may be those of a range of ids, without its first and with its last', async () => {
      const subscriptions = await crowd();
      expect(await idsOf(subscriptions, 'news', { after: 'B', upTo: 'd' })).toEqual(['a', 'c', 'd']);
      expect(await idsOf(subscriptions, 'news', { upTo: 'B', limit: 1 })).toEqual(['=', 'B']);
      expect(await idsOf(subscriptions, 'news', { after: 'e' })).toEqual([]);
    });

    it('have a last one, in all and in a range', async () => {
      const subscriptions = await crowd();
      expect(await subscriptions.last('news')).toBe('e');
      expect(await subscriptions.last('news', 'b')).toBe('a');
      expect(await subscriptions.last('news', '!')).toBeUndefined();
      expect(await subscriptions.last('never')).toBeUndefined();
    });

    it('are counted, and the channels with some are listed', async () => {
      const { subscriptions, add } = await scene();
      for (const id of ['a', 'b', 'c']) await add('news', id);
      await add('presence-room', 'a', '42');
      expect(await subscriptions.count('news')).toBe(3);
      expect(await subscriptions.count('never')).toBe(0);
      expect(await occupiedIn(subscriptions)).toEqual(['news', 'presence-room']);
    });
  });
}

async function idsOf(subscriptions: Subscriptions, channel: string, range: PageRange = {}): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let after = range.after, isOver = false; !isOver; ) {
    const { subscribers, next } = await subscriptions.page(channel, { ...range, after });
    ids.push(...subscribers.map(({ connectionId }) => connectionId));
    [after, isOver] = [next, next === undefined];
  }
  return ids;
}

async function occupiedIn(subscriptions: Subscriptions): Promise<readonly string[]> {
  const names = new Set<string>();
  for await (const page of subscriptions.occupied()) for (const channel of page) names.add(channel);
  return [...names].sort();
}
