import { describe, expect, it } from 'vitest';
import {
  type Connection,
  connectionLifetime,
  type NewConnection,
  welcomePatience,
} from '../../functions/core/connections/connection.ts';
import type { ConnectionRegistry, RegisteredConnection } from '../../functions/core/connections/connection-registry.ts';
import { ManualClock } from '../fakes/clock.ts';

/** An empty registry with the time of `clock`. */
export type CreateRegistry = (clock: ManualClock) => Promise<ConnectionRegistry>;

/** DynamoDB reads at most 1 MB at a time. With 45 KB in each row, four live rows cannot be on every page. */
const large = { sessionSeal: 'x'.repeat(45_000) };
const many = 120;

/** The contract of every ConnectionRegistry. */
export function describeConnectionRegistry(name: string, create: CreateRegistry): void {
  async function scene() {
    const clock = new ManualClock('2026-11-20T12:00:00.789Z');
    const registry = await create(clock);
    const add = async (principalId: string, connectionId: string, more: Partial<NewConnection> = {}) => {
      const connection = { principalId, connectionId };
      await registry.add({ ...connection, sessionHash: 'a'.repeat(64), connectedAt: clock.now(), ...more });
      return connection;
    };
    return { clock, registry, add };
  }

  describe(`${name}: the list of connections`, () => {
    it('is empty at first', async () => {
      expect(await everyoneIn((await scene()).registry)).toEqual([]);
    });

    it('has only the fields that a broadcast needs', async () => {
      const { clock, registry, add } = await scene();
      const connection = await add('user:42', 'L0SM9cOFvHcCIhw=');
      expect(await everyoneIn(registry)).toEqual([{ ...connection, connectedAt: clock.now(), welcomed: false }]);
    });

    it('knows at once whether a connection was added or has left', async () => {
      const { registry, add } = await scene();
      const connection = await add('user:42', 'a');
      expect(await registry.holds(connection)).toBe(true);
      expect(await registry.holds({ ...connection, connectionId: 'b' })).toBe(false);
      await registry.leave(connection);
      expect(await registry.holds(connection)).toBe(false);
    });

    it('has a connection once, although it was added twice', async () => {
      const { registry, add } = await scene();
      await add('user:42', 'a');
      await add('user:42', 'a');
      expect(await everyoneIn(registry)).toHaveLength(1);
    });

    it('may have many connections of one user, and many users', async () => {
      const { registry, add } = await scene();
      for (const [user, id] of [
        ['1', 'a'],
        ['1', 'b'],
        ['2', 'c'],
      ] as const)
        await add(`user:${user}`, id);
      expect(
        (await everyoneIn(registry)).map(({ principalId, connectionId }) => [principalId, connectionId]).sort(),
      ).toEqual([
        ['user:1', 'a'],
        ['user:1', 'b'],
        ['user:2', 'c'],
      ]);
    });

    it('may have the longest user id that PHP may name, in any script', async () => {
      const { registry, add } = await scene();
      const { principalId } = await add(`user:${'€'.repeat(512)}`, 'a');
      expect(await everyoneIn(registry)).toMatchObject([{ principalId }]);
    });
  });

  describe(`${name}: a welcome`, () => {
    it('is marked on its connection only', async () => {
      const { clock, registry, add } = await scene();
      const [a] = [await add('user:1', 'a'), await add('user:1', 'b'), await add('user:2', 'c')];
      expect(await registry.markWelcomed(a, clock.now())).toBe(true);
      expect((await everyoneIn(registry)).filter(({ welcomed }) => welcomed)).toEqual([
        { ...a, connectedAt: clock.now(), welcomed: true },
      ]);
    });

    it('may be marked twice, because Lambda may run deliver twice', async () => {
      const { clock, registry, add } = await scene();
      const a = await add('user:1', 'a');
      await registry.markWelcomed(a, clock.now());
      expect(await registry.markWelcomed(a, clock.now() + 1)).toBe(true);
    });

    it.each([
      ['that has left', { principalId: 'user:1', connectionId: 'a' }],
      ['that never was', { principalId: 'user:1', connectionId: 'never' }],
      ['of somebody else', { principalId: 'user:2', connectionId: 'b' }],
    ])('is not marked on a connection %s, and creates nothing', async (_, connection) => {
      const { clock, registry, add } = await scene();
      await registry.leave(await add('user:1', 'a'));
      await add('user:1', 'b');
      expect(await registry.markWelcomed(connection, clock.now())).toBe(false);
      expect(await everyoneIn(registry)).toMatchObject([{ principalId: 'user:1', connectionId: 'b', welcomed: false }]);
    });
  });

  describe(`${name}: a connection that is revoked`, () => {
    it('gets no broadcast, is not held and cannot be welcomed', async () => {
      const { clock, registry, add } = await scene();
      const [a] = [await add('user:1', 'a'), await add('user:1', 'b')];
      expect(await registry.whyRevoked(a)).toBeUndefined();
      expect(await registry.revoke(a, clock.now(), 'revoked')).toMatchObject({ channels: [], welcomed: false });
      expect(await registry.whyRevoked(a)).toBe('revoked');
      await registry.revoke(a, clock.now(), 'put-out');
      expect(await registry.whyRevoked(a)).toBe('put-out');
      expect(await registry.holds(a)).toBe(false);
      expect(await registry.markWelcomed(a, clock.now())).toBe(false);
      expect(await everyoneIn(registry)).toMatchObject([{ connectionId: 'b' }]);
      await registry.leave(a);
      expect(await registry.whyRevoked(a)).toBeUndefined();
    });

    it('may be revoked together with many others, and each answers its state before', async () => {
      const { clock, registry, add } = await scene();
      const all = await Promise.all(Array.from({ length: 101 }, (_, n) => add('user:1', `c${n}`)));
      const [first, second] = all;
      if (first === undefined || second === undefined) throw new Error('Nobody is here.');
      await registry.markWelcomed(first, clock.now());
      await registry.join(second, 'news', 5);
      const revoked = await registry.revokeTogether(all, clock.now(), 'put-out');
      expect(revoked?.size).toBe(101);
      expect(revoked?.get('c0')).toEqual({ channels: [], connectedAt: clock.now(), welcomed: true });
      expect(revoked?.get('c1')).toEqual({ channels: ['news'], connectedAt: clock.now(), welcomed: false });
      for (const connection of [first, second, ...all.slice(-1)])
        expect(await registry.whyRevoked(connection)).toBe('put-out');
      expect(await registry.join(second, 'sport', 5)).toBe('away');
    });

    it('is not revoked together with one that has left, and nothing is created', async () => {
      const { clock, registry, add } = await scene();
      const [a, b] = [await add('user:1', 'a'), await add('user:1', 'b')];
      await registry.leave(a);
      expect(await registry.revokeTogether([a, b], clock.now(), 'revoked')).toBeUndefined();
      expect(await registry.whyRevoked(b)).toBeUndefined();
      expect(await idsOf(registry.ofUser('1'))).toEqual(['b']);
    });

    it('may be revoked twice, but not after it has left, and nothing is created', async () => {
      const { clock, registry, add } = await scene();
      const a = await add('user:1', 'a');
      await registry.revoke(a, clock.now(), 'revoked');
      expect(await registry.revoke(a, clock.now(), 'revoked')).toMatchObject({ channels: [] });
      await registry.leave(a);
      expect(await registry.revoke(a, clock.now(), 'revoked')).toBeUndefined();
      expect(await idsOf(registry.ofUser('1'))).toEqual([]);
    });
  });

  describe(`${name}: a channel`, () => {
    it('may be joined again, and counts once', async () => {
      const { registry, add } = await scene();
      const a = await add('user:1', 'a');
      expect(await registry.join(a, 'news', 2)).toBe('joined');
      expect(await registry.join(a, 'news', 2)).toBe('again');
      expect([await registry.holds(a, 'news'), await registry.holds(a, 'sport')]).toEqual([true, false]);
      expect(await registry.leave(a)).toEqual(['news']);
      expect(await registry.holds(a, 'news')).toBe(false);
    });

    it('is full above the limit, except for a channel that is already joined', async () => {
      const { registry, add } = await scene();
      const a = await add('user:1', 'a');
      expect([await registry.join(a, 'one', 2), await registry.join(a, 'two', 2)]).toEqual(['joined', 'joined']);
      expect(await registry.join(a, 'three', 2)).toBe('full');
      expect(await registry.join(a, 'one', 2)).toBe('again');
      await registry.leaveChannel(a, 'one');
      expect(await registry.join(a, 'three', 2)).toBe('joined');
    });

    it('keeps the limit when many joins come at once', async () => {
      const { registry, add } = await scene();
      const a = await add('user:1', 'a');
      const joinings = await Promise.all(Array.from({ length: 8 }, (_, n) => registry.join(a, `c${n}`, 3)));
      expect(joinings.filter((joining) => joining === 'joined')).toHaveLength(3);
      expect(joinings.filter((joining) => joining === 'full')).toHaveLength(5);
    });

    it.each([
      ['has left', async ({ registry, a }: Joiner) => void (await registry.leave(a))],
      [
        'was revoked',
        async ({ registry, a, clock }: Joiner) => void (await registry.revoke(a, clock.now(), 'revoked')),
      ],
      ['has outlived its time', ({ clock }: Joiner) => clock.advance(connectionLifetime * 1000)],
    ])('rejects a connection that %s, and nothing is created', async (_, end) => {
      const { registry, add, clock } = await scene();
      const a = await add('user:1', 'a');
      await end({ registry, a, clock });
      expect(await registry.join(a, 'news', 2)).toBe('away');
      expect(await registry.leave(a)).toEqual([]);
    });

    it('rejects a connection of a session that has ended', async () => {
      const { clock, registry } = await scene();
      const mortal = { principalId: 'user:1', connectionId: 'a', sessionHash: 'a'.repeat(64) };
      const sessionExpiresAt = Math.floor(clock.now() / 1000) + 1;
      await registry.add({ ...mortal, connectedAt: clock.now(), sessionExpiresAt });
      expect(await registry.join(mortal, 'news', 2)).toBe('joined');
      await clock.advance(1000);
      expect(await registry.join(mortal, 'news', 2)).toBe('away');
    });

    it('is left alone, and may be left twice, without a join or without a row', async () => {
      const { registry, add } = await scene();
      const a = await add('user:1', 'a');
      for (const channel of ['news', 'sport']) await registry.join(a, channel, 5);
      for (const channel of ['news', 'news', 'never']) await registry.leaveChannel(a, channel);
      expect(await registry.leave(a)).toEqual(['sport']);
      await registry.leaveChannel(a, 'sport');
      expect(await idsOf(registry.ofUser('1'))).toEqual([]);
    });

    it('is in the answer each time when its connection is revoked', async () => {
      const { clock, registry, add } = await scene();
      const a = await add('user:1', 'a');
      for (const channel of ['news', 'sport']) await registry.join(a, channel, 5);
      for (let times = 0; times < 2; times += 1) {
        const revoked = await registry.revoke(a, clock.now(), 'revoked');
        expect(revoked?.channels.toSorted()).toEqual(['news', 'sport']);
      }
    });
  });

  describe(`${name}: a sign-in`, () => {
    it('is stored with its user_info, and may be repeated as the same user only', async () => {
      const { registry, add } = await scene();
      const a = await add('user:1', 'a');
      expect(await registry.signedInAs(a)).toBeUndefined();
      const user = { userId: '1', userInfo: { name: 'Gonzalo' } };
      expect(await registry.signIn(a, user)).toBe('signed in');
      expect(await registry.signIn(a, { userId: '2' })).toBe('other');
      expect(await registry.signedInAs(a)).toEqual(user);
      expect(await registry.signIn(a, { userId: '1' })).toBe('signed in');
      expect(await registry.signedInAs(a)).toEqual({ userId: '1', userInfo: null });
    });

    it('is rejected for a connection that has left or was revoked, and creates nothing', async () => {
      const { clock, registry, add } = await scene();
      const [a, b] = [await add('user:1', 'a'), await add('user:1', 'b')];
      await registry.leave(a);
      await registry.revoke(b, clock.now(), 'revoked');
      expect([await registry.signIn(a, { userId: '1' }), await registry.signIn(b, { userId: '1' })]).toEqual([
        'away',
        'away',
      ]);
      expect(await idsOf(registry.ofUser('1'))).toEqual(['b']);
    });
  });

  describe(`${name}: the connections of a user`, () => {
    it('are those of sessions with this user, revoked or not, and no others', async () => {
      const { clock, registry, add } = await scene();
      const [a] = [await add('user:1', 'a'), await add('user:1', 'b'), await add('user:11', 'c')];
      await registry.revoke(a, clock.now(), 'revoked');
      expect(await idsOf(registry.ofUser('1'))).toEqual(['a', 'b']);
      expect(await idsOf(registry.ofUser('2'))).toEqual([]);
    });

    it('include those that act as the user on a channel, whichever user their session has, until they leave', async () => {
      const { registry, add } = await scene();
      const session = `session:${'a'.repeat(64)}`;
      const [a, b, c] = [await add(session, 'a'), await add('user:bob', 'b'), await add('user:ada', 'c')];
      await registry.join(a, 'presence-room', 5, 'ada');
      await registry.join(b, 'presence-room', 5, 'ada');
      await registry.join(b, 'presence-hall', 5, 'eve');
      await registry.join(c, 'presence-room', 5);
      expect(await idsOf(registry.ofUser('ada'))).toEqual(['a', 'b', 'c']);
      expect(await idsOf(registry.ofUser('eve'))).toEqual(['b']);
      await registry.leave(b);
      expect(await idsOf(registry.ofUser('ada'))).toEqual(['a', 'c']);
      expect(await idsOf(registry.ofUser('eve'))).toEqual([]);
    });

    it('do not include those that were rejected on the channel', async () => {
      const { registry, add } = await scene();
      const a = await add('user:bob', 'a');
      await registry.join(a, 'presence-room', 1);
      expect(await registry.join(a, 'presence-hall', 1, 'ada')).toBe('full');
      expect(await idsOf(registry.ofUser('ada'))).toEqual([]);
    });

    it('come on several pages if there are many', async () => {
      const { registry, add } = await scene();
      await Promise.all(Array.from({ length: many }, (_, n) => add('user:1', `c${n}`, large)));
      let pages = 0;
      for await (const page of registry.ofUser('1')) pages += page.length > 0 ? 1 : 0;
      expect(pages).toBeGreaterThan(1);
      expect(await idsOf(registry.ofUser('1'))).toHaveLength(many);
    });

    it('may belong to a session that has ended, because their sockets are open', async () => {
      const { registry, add } = await scene();
      await add('user:1', 'a', { sessionExpiresAt: 1 });
      expect(await idsOf(registry.ofUser('1'))).toEqual(['a']);
    });

    it('do not include expired ones', async () => {
      const { clock, registry, add } = await scene();
      await registry.join(await add('user:1', 'a'), 'presence-room', 5, 'ada');
      await clock.advance(connectionLifetime * 1000);
      expect([await idsOf(registry.ofUser('1')), await idsOf(registry.ofUser('ada'))]).toEqual([[], []]);
    });
  });

  describe(`${name}: the connections of a session`, () => {
    const [one, other] = ['a'.repeat(64), 'b'.repeat(64)];

    it('are all of them, whichever user they belong to, and no other session’s', async () => {
      const { registry, add } = await scene();
      await add('user:ada', 'a');
      await add('user:bob', 'b');
      await add(`session:${one}`, 'c');
      await add('user:ada', 'd', { sessionHash: other });
      expect(await idsOf(registry.ofSession(one))).toEqual(['a', 'b', 'c']);
      expect(await idsOf(registry.ofSession(one, 'eve'))).toEqual(['a', 'b', 'c']);
      expect(await idsOf(registry.ofSession(other))).toEqual(['d']);
      expect(await idsOf(registry.ofSession('c'.repeat(64)))).toEqual([]);
    });

    it('are found as soon as they are added, and not after they have left', async () => {
      const { registry, add } = await scene();
      const [a, b] = [await add('user:ada', 'a'), await add(`session:${one}`, 'b')];
      await Promise.all([registry.leave(a), registry.leave(b)]);
      expect(await idsOf(registry.ofSession(one))).toEqual([]);
    });

    it('include revoked ones, and those of a session that has ended', async () => {
      const { clock, registry, add } = await scene();
      await registry.revoke(await add('user:ada', 'a', { sessionExpiresAt: 1 }), clock.now(), 'revoked');
      expect(await idsOf(registry.ofSession(one))).toEqual(['a']);
    });
  });

  describe(`${name}: the connections that count against a principal’s limit`, () => {
    it('are its own, before and after the welcome', async () => {
      const { clock, registry, add } = await scene();
      const [a, b] = [await add('user:1', 'a'), await add('user:1', 'b'), await add('user:11', 'c')];
      await registry.markWelcomed(b, clock.now());
      expect((await openOf(registry, 'user:1')).toSorted(byId)).toEqual([
        { ...a, connectedAt: clock.now(), welcomed: false },
        { ...b, connectedAt: clock.now(), welcomed: true },
      ]);
      expect(await openOf(registry, 'user:2')).toEqual([]);
    });

    it('do not include revoked ones, or those that have left', async () => {
      const { clock, registry, add } = await scene();
      const [a, b] = [await add('user:1', 'a'), await add('user:1', 'b')];
      await registry.revoke(a, clock.now(), 'revoked');
      await registry.leave(b);
      expect(await openOf(registry, 'user:1')).toEqual([]);
    });

    it('do not include those that never got their welcome', async () => {
      const { clock, registry, add } = await scene();
      const welcomed = await add('user:1', 'a');
      await add('user:1', 'b');
      await registry.markWelcomed(welcomed, clock.now());
      await clock.advance(welcomePatience * 1000 - 1);
      expect(await openOf(registry, 'user:1')).toHaveLength(2);
      await clock.advance(1);
      expect(await openOf(registry, 'user:1')).toMatchObject([welcomed]);
    });

    it('do not include expired ones, although their rows may exist', async () => {
      const { clock, registry, add } = await scene();
      await registry.markWelcomed(await add('user:1', 'a'), clock.now());
      await clock.advance(connectionLifetime * 1000);
      expect(await openOf(registry, 'user:1')).toEqual([]);
    });
  });

  describe(`${name}: a connection that leaves`, () => {
    it('is removed, and no other', async () => {
      const { registry, add } = await scene();
      const [a] = [await add('user:1', 'a'), await add('user:1', 'b'), await add('user:2', 'a')];
      await registry.leave(a);
      expect(
        (await everyoneIn(registry)).map(({ principalId, connectionId }) => principalId + connectionId).sort(),
      ).toEqual(['user:1b', 'user:2a']);
    });

    it('may leave twice, or without being added', async () => {
      const { registry, add } = await scene();
      const a = await add('user:1', 'a');
      await registry.leave(a);
      await registry.leave(a);
      await registry.leave({ principalId: 'user:9', connectionId: 'never' });
      expect(await everyoneIn(registry)).toEqual([]);
    });

    it('may leave several times at once, as a disconnect and a 410 do', async () => {
      const { registry, add } = await scene();
      const a = await add('user:1', 'a');
      await Promise.all([registry.leave(a), registry.leave(a), registry.leave(a)]);
      expect(await everyoneIn(registry)).toEqual([]);
    });
  });

  describe(`${name}: an expired connection`, () => {
    it('is listed until its last second', async () => {
      const { clock, registry, add } = await scene();
      await add('user:1', 'a');
      await clock.advance((connectionLifetime - 1) * 1000);
      expect(await everyoneIn(registry)).toHaveLength(1);
      await clock.advance(1000);
      expect(await everyoneIn(registry)).toEqual([]);
    });

    it('does not hide newer ones', async () => {
      const { clock, registry, add } = await scene();
      await add('user:1', 'old');
      await clock.advance(connectionLifetime * 1000);
      await add('user:1', 'new');
      expect(await everyoneIn(registry)).toMatchObject([{ connectionId: 'new' }]);
    });
  });

  describe(`${name}: a connection with a session that ends`, () => {
    it('is listed until the last second of its session, although its socket may stay open', async () => {
      const { clock, registry, add } = await scene();
      const sessionExpiresAt = Math.floor(clock.now() / 1000) + 60;
      const mortal = { principalId: 'user:1', connectionId: 'a', sessionHash: 'a'.repeat(64) };
      await registry.add({ ...mortal, connectedAt: clock.now(), sessionExpiresAt });
      await add('user:1', 'b');
      await clock.advance(59_000);
      expect(await everyoneIn(registry)).toHaveLength(2);
      await clock.advance(1000);
      expect(await everyoneIn(registry)).toMatchObject([{ connectionId: 'b' }]);
      expect(await registry.holds(mortal)).toBe(true);
    });
  });

  describe(`${name}: a connection may send frames`, () => {
    it('until it is revoked', async () => {
      const { clock, registry, add } = await scene();
      const a = await add('user:1', 'a');
      expect(await registry.maySend(a)).toBe(true);
      await registry.revoke(a, clock.now(), 'revoked');
      expect(await registry.maySend(a)).toBe(false);
    });

    it('until it leaves', async () => {
      const { registry, add } = await scene();
      const a = await add('user:1', 'a');
      await registry.leave(a);
      expect(await registry.maySend(a)).toBe(false);
    });

    it.each([
      ['its session ends', { sessionExpiresAt: Date.parse('2026-11-20T12:00:00Z') / 1000 + 60 }, 60],
      ['its time has passed', {}, connectionLifetime],
    ])('until %s', async (_, more, seconds) => {
      const { clock, registry, add } = await scene();
      const a = await add('user:1', 'a', more);
      await clock.advance((seconds - 1) * 1000);
      expect(await registry.maySend(a)).toBe(true);
      await clock.advance(1000);
      expect(await registry.maySend(a)).toBe(false);
    });
  });

  describe(`${name}: a connection that functions of 0.1.0 wrote`, () => {
    it('is found by its session and its users once it has owners', async () => {
      const { registry, add } = await scene();
      const a = await add('user:1', 'a');
      expect(await registry.own(a, ['2', '3'])).toBe(true);
      for (const userId of ['1', '2', '3']) expect(await idsOf(registry.ofUser(userId))).toEqual(['a']);
      expect(await idsOf(registry.ofSession('a'.repeat(64)))).toEqual(['a']);
    });

    it('may have no user', async () => {
      const { registry, add } = await scene();
      const a = await add(`session:${'a'.repeat(64)}`, 'a');
      expect(await registry.own(a, [])).toBe(true);
      expect(await idsOf(registry.ofSession('a'.repeat(64)))).toEqual(['a']);
    });

    it('is not created when it has left', async () => {
      const { registry, add } = await scene();
      const a = await add('user:1', 'a');
      await registry.leave(a);
      expect(await registry.own(a, ['2'])).toBe(false);
      expect(await everyoneIn(registry)).toEqual([]);
      expect(await idsOf(registry.ofUser('2'))).toEqual([]);
    });
  });

  describe(`${name}: many connections`, () => {
    function crowd({ add }: Awaited<ReturnType<typeof scene>>): Promise<Connection[]> {
      return Promise.all(Array.from({ length: many }, (_, n) => add(`user:${n}`, `c${n}`, large)));
    }

    it('are all listed once, on more than one page', async () => {
      const the = await scene();
      const all = await crowd(the);
      const pages = await pagesOf(the.registry);
      expect(pages.length).toBeGreaterThan(1);
      expect(
        pages
          .flat()
          .map(({ connectionId }) => connectionId)
          .sort(),
      ).toEqual(all.map(({ connectionId }) => connectionId).sort());
    });

    it('that have expired do not hide the others behind empty pages', async () => {
      const the = await scene();
      await crowd(the);
      await the.clock.advance(connectionLifetime * 1000);
      await Promise.all(['a', 'b', 'c', 'd'].map((id) => the.add(`user:${id}`, id)));
      const pages = await pagesOf(the.registry);
      expect(
        pages
          .flat()
          .map(({ connectionId }) => connectionId)
          .sort(),
      ).toEqual(['a', 'b', 'c', 'd']);
      expect(pages.some((page) => page.length === 0)).toBe(true);
    });

    it('may leave while they are read', async () => {
      const the = await scene();
      const all = await crowd(the);
      const seen = new Set<string>();
      for await (const page of the.registry.everyone()) {
        for (const { connectionId } of page) seen.add(connectionId);
        await Promise.all(page.map((connection) => the.registry.leave(connection)));
      }
      expect(seen.size).toBe(all.length);
      expect(await everyoneIn(the.registry)).toEqual([]);
    });

    it('need not be read to the end', async () => {
      const the = await scene();
      await crowd(the);
      for await (const page of the.registry.everyone()) if (page.length > 0) break;
      expect(await everyoneIn(the.registry)).toHaveLength(many);
    });
  });
}

interface Joiner {
  readonly registry: ConnectionRegistry;
  readonly a: Connection;
  readonly clock: ManualClock;
}

async function pagesOf(registry: ConnectionRegistry): Promise<(readonly RegisteredConnection[])[]> {
  const pages = [];
  for await (const page of registry.everyone()) pages.push(page);
  return pages;
}

/** Sorted, without duplicates. */
async function idsOf(pages: AsyncIterable<readonly Connection[]>): Promise<readonly string[]> {
  const ids = new Set<string>();
  for await (const page of pages) for (const { connectionId } of page) ids.add(connectionId);
  return [...ids].sort();
}

async function openOf(registry: ConnectionRegistry, principalId: string): Promise<RegisteredConnection[]> {
  const rows = [];
  for await (const page of registry.openOf(principalId)) rows.push(...page);
  return rows;
}

function byId(a: Connection, b: Connection): number {
  return a.connectionId.localeCompare(b.connectionId);
}

async function everyoneIn(registry: ConnectionRegistry): Promise<RegisteredConnection[]> {
  return (await pagesOf(registry)).flat();
}
