import { createLeave, createLeaveChannel, createRemoveFromChannel } from '../../functions/core/channels/leave.ts';
import { createAnnounce, createSendMembers } from '../../functions/core/channels/presence.ts';
import { createCloseConnections } from '../../functions/core/sessions/close-connections.ts';
import { createFakeBroadcaster } from './broadcaster.ts';
import { ManualClock } from './clock.ts';
import { MemoryMembers } from './members.ts';
import { MemoryRegistry } from './registry.ts';
import { FakeSockets } from './sockets.ts';
import { MemorySubscriptions } from './subscriptions.ts';

/** Channels in memory: published events reach the open sockets. */
export function createMemoryChannels(clock = new ManualClock(), pageSize = 100) {
  const registry = new MemoryRegistry(clock, pageSize);
  const subscriptions = new MemorySubscriptions(clock);
  const members = new MemoryMembers(clock);
  const sender = new FakeSockets(clock);
  const { broadcast, published } = createFakeBroadcaster(subscriptions, sender);
  const announce = createAnnounce(members, broadcast);
  const leaveChannel = createLeaveChannel({ subscriptions, members, announce });
  const leave = createLeave(registry, leaveChannel);
  const removeFromChannel = createRemoveFromChannel({ registry, subscriptions, leaveChannel });
  const sendMembers = createSendMembers(members, sender);
  const closeConnections = createCloseConnections({ registry, sender, leaveChannel, leave, clock });
  return {
    clock,
    registry,
    subscriptions,
    members,
    sender,
    broadcast,
    published,
    announce,
    sendMembers,
    leaveChannel,
    leave,
    removeFromChannel,
    closeConnections,
  };
}
