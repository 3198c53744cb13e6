import { expect, it } from 'vitest';
import { createDeliver } from '../../functions/deliver.ts';
import { ManualClock } from '../fakes/clock.ts';
import { failNext, justAfter, justBefore } from '../fakes/order.ts';
import { MemoryRegistry } from '../fakes/registry.ts';
import { FakeSockets } from '../fakes/sockets.ts';
import { Told } from '../fakes/told.ts';

const id = 'L0SM9cOFvHcCIhw=';

async function scene() {
  const clock = new ManualClock();
  const registry = new MemoryRegistry(clock);
  const sockets = new FakeSockets(clock);
  const told = new Told();
  const welcome = await registry.seat(id, { welcomed: false });
  const deliver = createDeliver({ registry, sender: sockets, clock, tell: told.tell });
  return { clock, registry, sockets, told, welcome, start: () => deliver({ welcome }) };
}

it('posts the welcome, then opens the connection to broadcasts', async () => {
  const { clock, registry, sockets, told, welcome, start } = await scene();
  sockets.open(id);
  justBefore(sockets, 'post', async () => expect(registry.isWelcomed(welcome)).toBe(false));
  await clock.finish(start());
  expect(sockets.heardBy(id)).toEqual(['pusher:connection_established']);
  expect(registry.isWelcomed(welcome)).toBe(true);
  expect(told.count('Delivered')).toBe(1);
});

it('is patient with a socket that is not open yet, and greets it once', async () => {
  const { clock, registry, sockets, told, welcome, start } = await scene();
  const work = start();
  await clock.advance(9_000);
  expect(sockets.posts).toBeGreaterThan(5);
  expect(registry.isWelcomed(welcome)).toBe(false);
  sockets.open(id);
  await clock.finish(work);
  expect(sockets.heardBy(id)).toEqual(['pusher:connection_established']);
  expect(registry.isWelcomed(welcome)).toBe(true);
  expect(told.messages).toEqual(['welcomed']);
});

it('greets a socket that opens at once within 100 ms', async () => {
  const { clock, sockets, start } = await scene();
  const begin = clock.now();
  const work = start();
  await clock.advance(10);
  sockets.open(id);
  await clock.finish(work);
  expect(clock.now() - begin).toBeLessThan(100);
});

it('gives up after ten seconds, removes nothing and tells of it', async () => {
  const { clock, registry, sockets, told, welcome, start } = await scene();
  const begin = clock.now();
  await clock.finish(start());
  expect(clock.now() - begin).toBeGreaterThan(8_000);
  expect(clock.now() - begin).toBeLessThanOrEqual(10_000);
  expect(sockets.posts).toBeLessThan(25);
  expect(registry.has(welcome)).toBe(true);
  expect(registry.isWelcomed(welcome)).toBe(false);
  expect(told.messages).toEqual(['welcome lost']);
  expect(told.count('WelcomeLost')).toBe(1);
});

it('stops at once when the connection has left, so that who hangs up early costs no ten seconds', async () => {
  const { clock, registry, sockets, told, welcome, start } = await scene();
  const begin = clock.now();
  const work = start();
  await clock.advance(10);
  await registry.leave(welcome);
  await clock.finish(work);
  expect(clock.now() - begin).toBeLessThan(100);
  expect(sockets.posts).toBe(2);
  expect(told.messages).toEqual(['welcome lost']);
});

it('does not bring back a connection that left while it was greeted', async () => {
  const { clock, registry, sockets, welcome, start } = await scene();
  sockets.open(id);
  justBefore(registry, 'markWelcomed', () => registry.leave(welcome));
  await clock.finish(start());
  expect(registry.rows).toEqual([]);
});

it('fails when the post fails, so that Lambda tries again, and does not pretend a welcome', async () => {
  const { registry, sockets, welcome, start } = await scene();
  sockets.open(id).break(id);
  await expect(start()).rejects.toThrow('429');
  expect(registry.isWelcomed(welcome)).toBe(false);
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
])('never welcomes who was logged out before, whose socket %s, but tells it and closes it', async (_, opensAfter) => {
  const { clock, registry, sockets, told, welcome, start } = await scene();
  await registry.revoke(welcome, clock.now());
  if (opensAfter === 0) sockets.open(id);
  const work = start();
  await clock.advance(opensAfter);
  if (opensAfter > 0) sockets.open(id);
  await clock.finish(work);
  expect(sockets.heardBy(id)).toEqual(['pusher:error']);
  expect(sockets.isOpen(id)).toBe(false);
  expect(registry.rows).toEqual([]);
  expect(told.count('Revoked')).toBe(1);
});

// The logout marks the row and finds the socket not open yet; nobody else would ever close it.
it.each([
  ['while it waits for the socket', false],
  ['right after the welcome was posted', true],
])('closes who is logged out %s', async (_, isOpen) => {
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

it('waits no longer for a revoked socket when its row has gone', async () => {
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
