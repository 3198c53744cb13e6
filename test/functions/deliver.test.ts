import { describe, expect, it } from 'vitest';
import { createLeave, createLeaveChannel } from '../../functions/core/channels/leave.ts';
import { createAnnounce } from '../../functions/core/channels/presence.ts';
import type { RegisteredConnection } from '../../functions/core/connections/connection-registry.ts';
import type { BroadcastPage } from '../../functions/core/delivery/broadcast.ts';
import { createBroadcastWorker } from '../../functions/core/delivery/broadcast-worker.ts';
import { createPostToSubscribers } from '../../functions/core/delivery/fan-out.ts';
import { SocketTrouble } from '../../functions/core/delivery/socket-sender.ts';
import { createWelcome } from '../../functions/core/delivery/welcome.ts';
import { createCloseConnections } from '../../functions/core/sessions/close-connections.ts';
import { createDeliver } from '../../functions/deliver.ts';
import { createFakeBroadcaster } from '../fakes/broadcaster.ts';
import { MemoryClaims } from '../fakes/claims.ts';
import { ManualClock } from '../fakes/clock.ts';
import { LoggedLines } from '../fakes/logged-lines.ts';
import { MemoryMembers } from '../fakes/members.ts';
import { failNext, justAfter, justBefore } from '../fakes/order.ts';
import { MemoryRegistry } from '../fakes/registry.ts';
import { FakeSockets } from '../fakes/sockets.ts';
import { SubscriberList } from '../fakes/subscriber-list.ts';
import { MemorySubscriptions } from '../fakes/subscriptions.ts';

const id = 'L0SM9cOFvHcCIhw=';

async function scene() {
  const clock = new ManualClock();
  const registry = new MemoryRegistry(clock);
  const sockets = new FakeSockets(clock);
  const logged = new LoggedLines();
  const welcome = await registry.seat(id, { welcomed: false });
  const subscriptions = new MemorySubscriptions(clock);
  const { broadcast } = createFakeBroadcaster(subscriptions, sockets);
  const members = new MemoryMembers(clock);
  const announce = createAnnounce(members, broadcast);
  const leaveChannel = createLeaveChannel({ subscriptions, members, announce });
  const leave = createLeave(registry, leaveChannel);
  const left: string[] = [];
  const started: BroadcastPage[] = [];
  const broadcastWorker = createBroadcastWorker({
    subscribers: new SubscriberList(['a', 'b', 'c', 'd'], 3),
    claims: new MemoryClaims(clock),
    postToSubscribers: createPostToSubscribers({
      sender: sockets,
      removeGone: async (connection, channel) => void left.push(`${connection.connectionId} ${channel}`),
      clock,
      random: () => 0.5,
    }),
    startWorker: async (job) => void started.push(job),
    clock,
  });
  const deliver = createDeliver({
    welcome: createWelcome({ registry, sender: sockets, leave, clock }),
    broadcastWorker,
    closeConnections: createCloseConnections({ registry, sender: sockets, leaveChannel, leave, clock }),
    clock,
    log: logged.log,
  });
  return { left, started, clock, registry, sockets, logged, welcome, deliver, start: () => deliver({ welcome }) };
}

it('posts the welcome, then opens the connection to broadcasts', async () => {
  const { clock, registry, sockets, logged, welcome, start } = await scene();
  sockets.open(id);
  justBefore(sockets, 'post', async () => expect(registry.isWelcomed(welcome)).toBe(false));
  await clock.finish(start());
  expect(sockets.heardBy(id)).toEqual(['pusher:connection_established']);
  expect(registry.isWelcomed(welcome)).toBe(true);
  expect(logged.count('Delivered')).toBe(1);
});

it('waits for a socket that is not open yet, and posts one welcome', async () => {
  const { clock, registry, sockets, logged, welcome, start } = await scene();
  const work = start();
  await clock.advance(9_000);
  expect(sockets.posts).toBeGreaterThan(5);
  expect(registry.isWelcomed(welcome)).toBe(false);
  sockets.open(id);
  await clock.finish(work);
  expect(sockets.heardBy(id)).toEqual(['pusher:connection_established']);
  expect(registry.isWelcomed(welcome)).toBe(true);
  expect(logged.messages).toEqual(['welcomed']);
});

it('posts the welcome to a socket that opens at once within 100 ms', async () => {
  const { clock, sockets, start } = await scene();
  const begin = clock.now();
  const work = start();
  await clock.advance(10);
  sockets.open(id);
  await clock.finish(work);
  expect(clock.now() - begin).toBeLessThan(100);
});

it('gives up after ten seconds, removes nothing and logs a warning', async () => {
  const { clock, registry, sockets, logged, welcome, start } = await scene();
  const begin = clock.now();
  await clock.finish(start());
  expect(clock.now() - begin).toBeGreaterThan(8_000);
  expect(clock.now() - begin).toBeLessThanOrEqual(10_000);
  expect(sockets.posts).toBeLessThan(25);
  expect(registry.has(welcome)).toBe(true);
  expect(registry.isWelcomed(welcome)).toBe(false);
  expect(logged.messages).toEqual(['welcome lost']);
  expect(logged.count('WelcomeLost')).toBe(1);
});

it('stops at once when the connection has left, so that an early disconnect does not take ten seconds', async () => {
  const { clock, registry, sockets, logged, welcome, start } = await scene();
  const begin = clock.now();
  const work = start();
  await clock.advance(10);
  await registry.leave(welcome);
  await clock.finish(work);
  expect(clock.now() - begin).toBeLessThan(100);
  expect(sockets.posts).toBe(2);
  expect(logged.messages).toEqual(['welcome lost']);
});

it('does not restore a connection that left during its welcome', async () => {
  const { clock, registry, sockets, welcome, start } = await scene();
  sockets.open(id);
  justBefore(registry, 'markWelcomed', () => registry.leave(welcome));
  await clock.finish(start());
  expect(registry.rows).toEqual([]);
});

it('retries within seconds when API Gateway throttles, as when many connect at once', async () => {
  const { clock, registry, sockets, welcome, start } = await scene();
  sockets.open(id).break(id);
  const work = start();
  await clock.advance(3_000);
  sockets.mend(id);
  await clock.finish(work);
  expect(sockets.heardBy(id)).toEqual(['pusher:connection_established']);
  expect(registry.isWelcomed(welcome)).toBe(true);
});

it('fails when the post fails for ten seconds, so that Lambda retries, and does not mark the connection as welcomed', async () => {
  const { clock, registry, sockets, welcome, start } = await scene();
  sockets.open(id).break(id);
  const begin = clock.now();
  const work = start();
  work.catch(() => undefined);
  await expect(clock.finish(work)).rejects.toThrow('429');
  expect(clock.now() - begin).toBeGreaterThan(8_000);
  expect(registry.isWelcomed(welcome)).toBe(false);
});

it('fails at once when a retry would get the same answer', async () => {
  const { clock, sockets, start } = await scene();
  sockets.post = () => Promise.reject(new SocketTrouble(403));
  const begin = clock.now();
  await expect(start()).rejects.toThrow('403');
  expect(clock.now()).toBe(begin);
});

it('fails when the mark cannot be set, because broadcasts would skip the connection for two hours', async () => {
  const { registry, sockets, start } = await scene();
  sockets.open(id);
  failNext(registry, 'markWelcomed');
  await expect(start()).rejects.toThrow('the network is down');
});

it.each([
  ['is not open yet', 3_000],
  ['is open', 0],
])('posts no welcome after a logout to a socket that %s, but the reason, and closes it', async (_, opensAfter) => {
  const { clock, registry, sockets, logged, welcome, start } = await scene();
  await registry.revoke(welcome, clock.now());
  if (opensAfter === 0) sockets.open(id);
  const work = start();
  await clock.advance(opensAfter);
  if (opensAfter > 0) sockets.open(id);
  await clock.finish(work);
  expect(sockets.heardBy(id)).toEqual(['pusher:error']);
  expect(sockets.isOpen(id)).toBe(false);
  expect(registry.rows).toEqual([]);
  expect(logged.count('Revoked')).toBe(1);
});

// The logout marks the row while the socket is not open yet, so nothing else would ever close the socket.
it.each([
  ['while it waits for the socket', false],
  ['right after the welcome was posted', true],
])('closes the socket of a user who is logged out %s', async (_, isOpen) => {
  const { clock, registry, sockets, welcome, start } = await scene();
  if (isOpen) sockets.open(id);
  justAfter(sockets, 'post', () => registry.revoke(welcome, clock.now()));
  const work = start();
  await clock.advance(1_000);
  if (!isOpen) sockets.open(id);
  await clock.finish(work);
  expect(sockets.heardBy(id).at(-1)).toBe('pusher:error');
  expect(sockets.isOpen(id)).toBe(false);
  expect(registry.isWelcomed(welcome)).toBe(false);
  expect(registry.rows).toEqual([]);
});

// They all got the error for an ended session, after which a page does not reconnect: even one that had just logged in.
it.each([
  ['revoked', 4009],
  ['changed-session', 4200],
  ['unanswered-session', 4200],
  ['put-out', 4004],
] as const)('tells a socket that was closed before it was open why: %s', async (why, code) => {
  const { clock, registry, sockets, welcome, start } = await scene();
  await registry.revoke(welcome, clock.now(), why);
  sockets.open(id);
  await clock.finish(start());
  expect(sockets.framesHeardBy(id)).toMatchObject([{ event: 'pusher:error', data: { code } }]);
});

it('stops waiting for a revoked socket when its row is gone', async () => {
  const { clock, registry, sockets, welcome, start } = await scene();
  await registry.revoke(welcome, clock.now());
  const begin = clock.now();
  const work = start();
  await clock.advance(500);
  await registry.leave(welcome);
  await clock.finish(work);
  expect(clock.now() - begin).toBeLessThan(2_000);
  expect(sockets.heardBy(id)).toEqual([]);
});

describe('connections above the limit', () => {
  async function startExcess() {
    const the = await scene();
    const { registry, sockets } = the;
    const seats = ['a', 'b', 'c'].map((tab) => registry.seat(tab, { principalId: 'user:1' }));
    sockets.open('a', 'b', 'c');
    await Promise.all(seats);
    const open: RegisteredConnection[] = [];
    for await (const page of registry.openOf('user:1')) open.push(...page);
    return { ...the, putOut: open.filter(({ connectionId }) => connectionId !== 'c') };
  }

  it('get an error after which a client does not reconnect, are closed and removed, and no others are', async () => {
    const { sockets, registry, logged, deliver, putOut } = await startExcess();
    await deliver({ putOut });
    for (const tab of ['a', 'b']) {
      expect(sockets.framesHeardBy(tab)).toEqual([
        {
          event: 'pusher:error',
          data: { code: 4004, message: 'This user has newer connections, and no more are allowed.' },
        },
      ]);
      expect(sockets.isOpen(tab)).toBe(false);
    }
    expect(sockets.isOpen('c')).toBe(true);
    expect(registry.rows.map(({ connectionId }) => connectionId)).toEqual([id, 'c']);
    expect(logged.lines).toEqual([
      {
        level: 'info',
        message: 'put out',
        fields: { principalId: 'user:1', found: 2, gone: 0, failed: 0 },
        counts: { PutOut: 2 },
      },
    ]);
  });

  it('that have already left are no fault, as when Lambda retries', async () => {
    const { logged, deliver, putOut } = await startExcess();
    await deliver({ putOut });
    await deliver({ putOut });
    expect(logged.lines.at(-1)).toMatchObject({ level: 'info', fields: { gone: 2, failed: 0 } });
  });

  it('that cannot be closed are a fault, receive nothing more, and are closed when Lambda retries', async () => {
    const { clock, sockets, registry, deliver, putOut } = await startExcess();
    sockets.break('a');
    const work = deliver({ putOut });
    work.catch(() => undefined);
    await expect(clock.finish(work)).rejects.toThrow('1 of 2 sockets could not be closed.');
    expect(await registry.whyRevoked({ principalId: 'user:1', connectionId: 'a' })).toBe('put-out');
    sockets.mend('a');
    await deliver({ putOut });
    expect(sockets.isOpen('a')).toBe(false);
  });
});

describe('a page of a broadcast', () => {
  const frame = '{"event":"news","channel":"news","data":"{}","id":"1"}';
  const pageOf = (clock: ManualClock): BroadcastPage => {
    const pace = { startsAt: clock.now(), burst: 10, rate: 10 };
    return { channel: 'news', frame, id: 'b1', pace, before: 0, depth: 0 };
  };

  it('is posted, the pages after it go to another worker, and its outcome is one log line with metrics', async () => {
    const { clock, sockets, logged, started, left, deliver } = await scene();
    sockets.open('a', 'c', 'd');
    await clock.finish(deliver({ broadcast: pageOf(clock) }));
    expect([sockets.heardBy('a'), sockets.heardBy('c'), sockets.heardBy('d')]).toEqual([['news'], ['news'], []]);
    expect(started).toMatchObject([{ channel: 'news', frame, after: 'c', before: 3, depth: 1 }]);
    expect(left).toEqual(['b news']);
    expect(logged.lines).toHaveLength(1);
    expect(logged.lines[0]).toMatchObject({
      level: 'info',
      message: 'broadcast',
      fields: { id: 'b1', channel: 'news', before: 0, depth: 0 },
      counts: { Delivered: 2, Gone: 1, Retried: 0, Lost: 0, DeliveryMilliseconds: 0 },
    });
    expect(JSON.stringify(logged.lines)).not.toContain('event');
  });

  it('logs an error when a post was lost', async () => {
    const { clock, sockets, logged, deliver } = await scene();
    sockets.open('a', 'b', 'c').break('b');
    await clock.finish(deliver({ broadcast: pageOf(clock) }));
    expect(logged.lines[0]).toMatchObject({ level: 'error', counts: { Delivered: 2, Lost: 1 } });
  });
});
