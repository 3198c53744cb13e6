import { describe, expect, it } from 'vitest';
import { createRevoke, type Revocation } from '../../../functions/core/sessions/revoke.ts';
import { createMemoryChannels } from '../../fakes/channels.ts';
import { ManualClock } from '../../fakes/clock.ts';
import { failNext, justBefore } from '../../fakes/order.ts';
import { MemoryRevocations } from '../../fakes/revocations.ts';

const [hash, otherHash] = ['a'.repeat(64), 'b'.repeat(64)];
const patienceMs = 20_000;

/** Two sockets of one session of user 42, one of another session of the same user, one of a session without a user. */
async function scene() {
  const clock = new ManualClock();
  const channels = createMemoryChannels(clock, 2);
  const { registry, sender } = channels;
  const revocations = new MemoryRevocations(clock);
  const { closeConnections } = channels;
  const revoke = createRevoke({ registry, revocations, closeConnections, clock });
  const seat = (id: string, principalId: string, sessionHash: string) => {
    sender.open(id);
    return registry.seat(id, { principalId, sessionHash });
  };
  for (const id of ['tab1', 'tab2']) await seat(id, 'user:42', hash);
  await seat('phone', 'user:42', otherHash);
  await seat('somebody', 'user:43', otherHash);
  await seat('nameless', `session:${hash}`, hash);
  const run = (revocation: Revocation) => clock.finish(revoke(revocation, clock.now() + patienceMs));
  const open = () => ['tab1', 'tab2', 'phone', 'somebody', 'nameless'].filter((id) => sender.isOpen(id));
  return { ...channels, revocations, revoke, seat, run, open };
}

describe('a logout closes', () => {
  it('every socket of a user, and no others', async () => {
    const { registry, revocations, run, open } = await scene();
    expect(await run({ userId: '42' })).toMatchObject({ found: 3, closed: 3, gone: 0, failed: 0 });
    expect(open()).toEqual(['somebody', 'nameless']);
    expect(registry.rows.map(({ connectionId }) => connectionId)).toEqual(['somebody', 'nameless']);
    expect(revocations.names).toEqual(['user:42']);
  });

  it('the sockets of one session, with and without a user, and no other session of that user', async () => {
    const { revocations, run, open } = await scene();
    expect(await run({ sessionHash: hash, userId: '42' })).toMatchObject({ found: 3, closed: 3 });
    expect(open()).toEqual(['phone', 'somebody']);
    expect(revocations.names).toEqual([`session:${hash}`]);
  });

  it.each([
    ['no user', undefined],
    ['its user', '42'],
    ['another user, who has logged in over it since', '43'],
  ])('every socket of a session, whichever user it has, if PHP names %s', async (_, userId) => {
    const { seat, run, open, sender } = await scene();
    await seat('before', 'user:ada', hash);
    expect(await run({ sessionHash: hash, userId })).toMatchObject({ found: 4, closed: 4 });
    expect(sender.isOpen('before')).toBe(false);
    expect(open()).toEqual(['phone', 'somebody']);
  });

  it('a socket of a session without a user, if it acts as the user', async () => {
    const { registry, subscriptions, run, open } = await scene();
    const connections = [
      { principalId: `session:${hash}`, connectionId: 'nameless' },
      { principalId: 'user:42', connectionId: 'tab1' },
    ];
    for (const connection of connections) {
      await registry.join(connection, '#server-to-user-42', 5, '42');
      await subscriptions.add('#server-to-user-42', connection, 0);
    }
    expect(await run({ userId: '43' })).toMatchObject({ found: 1 });
    expect(await run({ userId: '42' })).toMatchObject({ found: 4, closed: 4 });
    expect(open()).toEqual([]);
    expect(subscriptions.on('#server-to-user-42')).toEqual([]);
  });

  it('nothing for a user without sockets, but a handshake at the same time is rejected', async () => {
    const { clock, revocations, run } = await scene();
    const took = { revoke: 0, find: 0 };
    expect(await run({ userId: '7' })).toEqual({ found: 0, closed: 0, gone: 0, failed: 0, took });
    expect(await revocations.isRevokedSince(['user:7'], clock.now())).toBe(true);
  });

  it('nothing the second time', async () => {
    const { run } = await scene();
    await run({ userId: '42' });
    expect(await run({ userId: '42' })).toMatchObject({ found: 0, closed: 0, gone: 0, failed: 0 });
  });

  it('many sockets, although some have left and have no rows', async () => {
    const { registry, seat, run } = await scene();
    for (let n = 0; n < 30; n += 1) await seat(`c${n}`, 'user:9', hash);
    const ofUser = registry.ofUser.bind(registry);
    registry.ofUser = async function* (userId) {
      yield* ofUser(userId);
      yield [{ principalId: 'user:9', connectionId: 'left' }];
    };
    expect(await run({ userId: '9' })).toMatchObject({ found: 31, closed: 30, gone: 1, failed: 0 });
  });

  // A transaction may be throttled or too slow while single updates succeed.
  it('many sockets, although their rows cannot be marked together', async () => {
    const { registry, seat, run } = await scene();
    for (let n = 0; n < 30; n += 1) await seat(`c${n}`, 'user:9', hash);
    failNext(registry, 'revokeTogether');
    expect(await run({ userId: '9' })).toMatchObject({ found: 30, closed: 30, failed: 0 });
  });

  it('several hundred sockets, on many pages', async () => {
    const { seat, run } = await scene();
    for (let n = 0; n < 300; n += 1) await seat(`c${n}`, 'user:9', hash);
    expect(await run({ userId: '9' })).toMatchObject({ found: 300, closed: 300, gone: 0, failed: 0 });
  });
});

it('a logout posts 4009 to each socket once, and then closes it', async () => {
  const { sender, run } = await scene();
  justBefore(sender, 'close', async () => expect(sender.heardBy('tab1')).toEqual(['pusher:error']));
  await run({ userId: '42' });
  for (const id of ['tab1', 'tab2', 'phone']) expect(sender.heardBy(id)).toEqual(['pusher:error']);
});

describe('the order of a logout:', () => {
  it('the revocation is written before the connections are read', async () => {
    const { clock, registry, revocations, sender, run } = await scene();
    failNext(revocations, 'add');
    await expect(run({ userId: '42' })).rejects.toThrow('the network is down');
    expect(registry.rows.some(({ revokedAt }) => revokedAt !== undefined)).toBe(false);
    expect(sender.posts).toBe(0);
    expect(await revocations.isRevokedSince(['user:42'], clock.now())).toBe(false);
  });

  it('every row is marked before the first socket gets the reason', async () => {
    const { registry, sender, run } = await scene();
    justBefore(sender, 'post', async () => {
      const marked = registry.rows.filter(({ revokedAt }) => revokedAt !== undefined);
      expect(marked.map(({ connectionId }) => connectionId)).toEqual(['tab1', 'tab2', 'phone']);
    });
    await run({ userId: '42' });
  });
});

it('a logout does not wait for one slow socket', async () => {
  const { clock, sender, revoke, open } = await scene();
  justBefore(sender, 'post', () => clock.pause(6_000));
  const work = revoke({ userId: '42' }, clock.now() + patienceMs);
  await clock.advance(1);
  expect(open()).toEqual(['tab1', 'somebody', 'nameless']);
  expect(await clock.finish(work)).toMatchObject({ closed: 3, failed: 0 });
});

it('a logout reports the time of each step', async () => {
  const { clock, registry, revocations, sender, revoke } = await scene();
  justBefore(revocations, 'add', () => clock.advance(1));
  justBefore(registry, 'revoke', () => clock.advance(20));
  justBefore(sender, 'close', () => clock.advance(300));
  const { took } = await revoke({ userId: '42' }, clock.now() + patienceMs);
  expect(took).toEqual({ revoke: 1, find: 0, mark: 20, close: 300, forget: 0 });
});

describe('a logged-out connection with channels', () => {
  /** The first tab and another user, in a room and on a channel. */
  async function channelScene() {
    const the = await scene();
    const [tab, other] = [
      { principalId: 'user:42', connectionId: 'tab1' },
      { principalId: 'user:43', connectionId: 'somebody' },
    ];
    for (const connection of [tab, other]) {
      for (const channel of ['news', 'presence-room']) await the.registry.join(connection, channel, 5);
      const userId = connection.principalId.slice(5);
      await the.subscriptions.add('news', connection, 0);
      await the.subscriptions.add('presence-room', connection, 0, userId);
      await the.members.join('presence-room', { userId }, connection.connectionId);
    }
    return { ...the, tab };
  }

  it('has no channels and no member afterwards, and the others are told once', async () => {
    const { subscriptions, members, sender, run } = await channelScene();
    await run({ userId: '42' });
    expect([subscriptions.on('news'), subscriptions.on('presence-room')]).toEqual([['somebody'], ['somebody']]);
    expect(await members.of('presence-room')).toEqual([{ userId: '43' }]);
    expect(sender.heardBy('somebody')).toEqual(['pusher_internal:member_removed']);
    expect(sender.heardBy('tab1')).toEqual(['pusher:error']);
  });

  it('has left its channels before the first socket gets the reason, and joins no more', async () => {
    const { registry, subscriptions, sender, tab, run } = await channelScene();
    justBefore(sender, 'close', async () => {
      expect(subscriptions.on('news')).toEqual(['somebody']);
      expect(await registry.join(tab, 'sport', 5)).toBe('away');
    });
    await run({ userId: '42' });
  });

  it('leaves its channels in the next round if the first try fails', async () => {
    const { subscriptions, members, run } = await channelScene();
    failNext(subscriptions, 'remove');
    expect(await run({ userId: '42' })).toMatchObject({ found: 3, failed: 0 });
    expect([subscriptions.on('news'), subscriptions.on('presence-room')]).toEqual([['somebody'], ['somebody']]);
    expect(await members.of('presence-room')).toEqual([{ userId: '43' }]);
  });
});

describe('a logout with failures', () => {
  it('closes the others despite one bad socket, and retries that one until it closes', async () => {
    const { clock, sender, revoke, open } = await scene();
    sender.break('tab1');
    const work = revoke({ userId: '42' }, clock.now() + patienceMs);
    await clock.advance(1_000);
    expect(open()).toEqual(['tab1', 'somebody', 'nameless']);
    sender.mend('tab1');
    expect(await clock.finish(work)).toMatchObject({ found: 3, closed: 3, gone: 0, failed: 0 });
  });

  it('ends at the deadline and counts the open sockets, which the next call finds', async () => {
    const { clock, registry, sender, run, open } = await scene();
    sender.break('tab1');
    const begin = clock.now();
    expect(await run({ userId: '42' })).toMatchObject({ found: 3, closed: 2, gone: 0, failed: 1 });
    expect(clock.now() - begin).toBeLessThanOrEqual(patienceMs);
    expect(registry.rows.find(({ connectionId }) => connectionId === 'tab1')?.revokedAt).toBeDefined();
    sender.mend('tab1');
    expect(await run({ userId: '42' })).toMatchObject({ found: 1, closed: 1, gone: 0, failed: 0 });
    expect(open()).toEqual(['somebody', 'nameless']);
  });

  it('closes a socket that cannot get the reason', async () => {
    const { sender, run } = await scene();
    failNext(sender, 'post');
    expect(await run({ userId: '42' })).toMatchObject({ closed: 3, failed: 0 });
  });

  it('marks a row in the next round if the first try fails, before its socket opens', async () => {
    const { registry, run } = await scene();
    const young = await registry.seat('young', { principalId: 'user:9', welcomed: false });
    failNext(registry, 'revoke');
    expect(await run({ userId: '9' })).toMatchObject({ found: 1, closed: 0, gone: 1, failed: 0 });
    expect(await registry.whyRevoked(young)).toBe('revoked');
  });
});

describe('a logout of a socket that is gone', () => {
  it('removes its row', async () => {
    const { sender, registry, run } = await scene();
    await sender.close('tab1');
    expect(await run({ userId: '42' })).toMatchObject({ found: 3, closed: 2, gone: 1, failed: 0 });
    expect(registry.rows.map(({ principalId }) => principalId)).not.toContain('user:42');
  });

  it('keeps its marked row while it may still open, so that it is closed instead of welcomed', async () => {
    const { clock, registry, run } = await scene();
    const young = await registry.seat('young', { principalId: 'user:9', welcomed: false });
    expect(await run({ userId: '9' })).toMatchObject({ gone: 1, failed: 0 });
    expect(await registry.whyRevoked(young)).toBe('revoked');
    await clock.advance(30_000);
    await run({ userId: '9' });
    expect(registry.has(young)).toBe(false);
  });
});
