import { expect, it } from 'vitest';
import { createAdopt } from '../../../functions/core/sessions/adopt.ts';
import type { DueConnection } from '../../../functions/core/sessions/live-sessions.ts';
import { createMemoryChannels } from '../../fakes/channels.ts';
import { MemoryRevocations } from '../../fakes/revocations.ts';

const hash = 'a'.repeat(64);

/** Rows of functions of 0.1.0: one of a user, and one without a user that acts as two users. */
async function scene() {
  const { clock, registry, subscriptions } = createMemoryChannels();
  const revocations = new MemoryRevocations(clock);
  const ada = await registry.seat('ada', { principalId: 'user:ada', sessionHash: hash });
  const guest = await registry.seat('guest', { principalId: `session:${hash}`, sessionHash: hash });
  await registry.signIn(guest, { userId: 'bob' });
  for (const connection of [ada, guest]) await registry.join(connection, 'presence-room', 5);
  await subscriptions.add('presence-room', ada, 0, 'ada');
  await subscriptions.add('presence-room', guest, 0, 'eve');
  for (const connection of [ada, guest]) registry.makeOld(connection);
  const unowned = async () => {
    const found: DueConnection[] = [];
    for await (const page of registry.due(0)) found.push(...page);
    return found;
  };
  const world = { registry, subscriptions, revocations, clock };
  const run = async (deadline = Number.POSITIVE_INFINITY) => createAdopt(world)(await unowned(), deadline);
  const idsOf = async (pages: AsyncIterable<readonly { readonly connectionId: string }[]>) => {
    const ids: string[] = [];
    for await (const page of pages) ids.push(...page.map(({ connectionId }) => connectionId));
    return ids.sort();
  };
  return { clock, registry, revocations, unowned, run, idsOf };
}

it('connections of 0.1.0 are found by their session and by every user that they act as', async () => {
  const { registry, unowned, run, idsOf } = await scene();
  expect(await idsOf(registry.ofSession(hash))).toEqual(['guest']);
  expect(await run()).toEqual([]);
  expect(await idsOf(registry.ofSession(hash))).toEqual(['ada', 'guest']);
  expect(await idsOf(registry.ofUser('ada'))).toEqual(['ada']);
  expect(await idsOf(registry.ofUser('bob'))).toEqual(['guest']);
  expect(await idsOf(registry.ofUser('eve'))).toEqual(['guest']);
  expect(await unowned()).toEqual([]);
});

it.each([
  ['its session', `session:${hash}`, ['ada', 'guest']],
  ['the user of its sign-in', 'user:bob', ['guest']],
  ['the user that it is on a presence channel', 'user:eve', ['guest']],
])('a connection of 0.1.0 is closed if %s was logged out before it had owners', async (_, owner, ids) => {
  const { clock, revocations, run } = await scene();
  await clock.advance(10);
  await revocations.add(owner, clock.now());
  expect((await run()).map(({ connectionId }) => connectionId).sort()).toEqual(ids);
});

it('connections that miss the deadline of adopting are due again', async () => {
  const { clock, unowned, run } = await scene();
  expect(await run(clock.now())).toEqual([]);
  expect(await unowned()).toHaveLength(2);
});

it('a connection that has left meanwhile is not adopted', async () => {
  const { registry, run, unowned } = await scene();
  const found = await unowned();
  for (const connection of found) await registry.leave(connection);
  expect(await run()).toEqual([]);
  expect(registry.rows).toEqual([]);
});
