import { expect, it } from 'vitest';
import { describeClaims } from '../contract/claims.ts';
import { describeConnectionRegistry } from '../contract/connection-registry.ts';
import { describeCounters } from '../contract/counters.ts';
import { describeGuardMemory } from '../contract/guard-memory.ts';
import { describeIdempotency } from '../contract/idempotency.ts';
import { describeLiveSessions } from '../contract/live-sessions.ts';
import { describeMembers } from '../contract/members.ts';
import { describeRevocations } from '../contract/revocations.ts';
import { describeSubscriptions } from '../contract/subscriptions.ts';
import { MemoryClaims } from './claims.ts';
import { ManualClock } from './clock.ts';
import { MemoryCounters } from './counters.ts';
import { MemoryGuard } from './guard-memory.ts';
import { MemoryIdempotency } from './idempotency.ts';
import { MemoryMembers } from './members.ts';
import { MemoryRegistry } from './registry.ts';
import { MemoryRevocations } from './revocations.ts';
import { MemorySubscriptions } from './subscriptions.ts';

describeConnectionRegistry('in memory', async (clock) => new MemoryRegistry(clock, 100));
describeSubscriptions('in memory', async (clock) => new MemorySubscriptions(clock, 100));
describeCounters('in memory', async () => new MemoryCounters());
describeMembers('in memory', async (clock) => new MemoryMembers(clock));
describeLiveSessions('in memory', async (clock) => {
  const registry = new MemoryRegistry(clock, 100);
  return { registry, live: registry };
});
describeRevocations('in memory', async (clock) => new MemoryRevocations(clock));
describeClaims('in memory', async (clock) => new MemoryClaims(clock));
describeGuardMemory('in memory', async (clock) => new MemoryGuard(clock));
describeIdempotency('in memory', async (clock) => new MemoryIdempotency(clock));

it('the clock wakes each waiting caller at their own time', async () => {
  const clock = new ManualClock(0);
  const woken: number[] = [];
  for (const ms of [30, 10, 20]) void clock.pause(ms).then(() => woken.push(clock.now()));
  await clock.advance(25);
  expect(woken).toEqual([10, 20]);
  expect(clock.now()).toBe(25);
});

it('the clock throws if the work waits for something else', async () => {
  const forever = new Promise(() => {});
  await expect(new ManualClock(0).finish(forever)).rejects.toThrow('not the clock');
});
