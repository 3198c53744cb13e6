import { randomUUID } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createLeave, createLeaveChannel, type Leave } from '../core/channels/leave.ts';
import { createAnnounce } from '../core/channels/presence.ts';
import type { StartWorker } from '../core/delivery/broadcast.ts';
import { createBroadcaster } from '../core/delivery/broadcaster.ts';
import { createPostToSubscribers } from '../core/delivery/fan-out.ts';
import type { SocketSender } from '../core/delivery/socket-sender.ts';
import { systemClock } from '../edge/clock.ts';
import { createConnectionRows } from '../edge/dynamodb/connection-rows.ts';
import { createMemberRows } from '../edge/dynamodb/member-rows.ts';
import { createSubscriptionRows } from '../edge/dynamodb/subscription-rows.ts';
import { read, readBroadcastSettings, readConnectionTables } from '../edge/environment.ts';
import { createStarter } from '../edge/invoke.ts';

/**
 * The parts of each function that broadcasts or removes connections. They depend on each other: leaving a channel
 * broadcasts that a member has left, and a broadcast removes the connections that are gone.
 * @param broadcastSender makes one attempt, because the fan-out retries
 */
export function wireChannels(client: DynamoDBClient, broadcastSender: Pick<SocketSender, 'post'>) {
  const registry = createConnectionRows(readConnectionTables(), client, systemClock);
  const subscriptions = createSubscriptionRows(read('SUBSCRIPTIONS_TABLE'), client, systemClock);
  const members = createMemberRows(read('MEMBERS_TABLE'), client, systemClock);
  const { deliverFunction, quota } = readBroadcastSettings();
  const starter = createStarter({ deliver: deliverFunction });
  const startWorker: StartWorker = (job) => starter.deliver({ broadcast: job });

  const postToSubscribers = createPostToSubscribers({
    sender: broadcastSender,
    removeGone: (connection, channel) => leave(connection, channel),
    clock: systemClock,
    random: Math.random,
  });
  const broadcast = createBroadcaster({
    subscribers: subscriptions,
    postToSubscribers,
    startWorker,
    quota,
    newId: () => randomUUID(),
    clock: systemClock,
  });
  const announce = createAnnounce(members, broadcast);
  const leaveChannel = createLeaveChannel({ subscriptions, members, announce });
  const leave: Leave = createLeave(registry, leaveChannel);
  return { registry, subscriptions, members, startWorker, postToSubscribers, broadcast, announce, leaveChannel, leave };
}
