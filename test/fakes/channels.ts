import { createAnnounce } from '../../functions/core/channels/announce.ts';
import { createLeave } from '../../functions/core/channels/leave.ts';
import { createPart } from '../../functions/core/channels/part.ts';
import { createTellPresent } from '../../functions/core/channels/tell-present.ts';
import { ManualClock } from './clock.ts';
import { MemoryMembers } from './members.ts';
import { createFakePublish } from './publish.ts';
import { MemoryRegistry } from './registry.ts';
import { FakeSockets } from './sockets.ts';
import { MemorySubscriptions } from './subscriptions.ts';

/** What channels are made of, in memory: what is published reaches the sockets that are open. */
export function createMemoryChannels(clock = new ManualClock(), pageSize = 100) {
  const registry = new MemoryRegistry(clock, pageSize);
  const subscriptions = new MemorySubscriptions(clock);
  const members = new MemoryMembers(clock);
  const sender = new FakeSockets(clock);
  const { publish, published } = createFakePublish(subscriptions, sender);
  const announce = createAnnounce({ members, publish });
  const part = createPart({ subscriptions, members, announce });
  const leave = createLeave(registry, part);
  const tellPresent = createTellPresent(members, sender);
  return { clock, registry, subscriptions, members, sender, publish, published, announce, tellPresent, part, leave };
}
