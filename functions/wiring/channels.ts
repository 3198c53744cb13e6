import { randomUUID } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createAnnounce } from '../core/channels/announce.ts';
import { createLeave, type Leave } from '../core/channels/leave.ts';
import { createPart } from '../core/channels/part.ts';
import type { Clock } from '../core/clock.ts';
import { createPublish } from '../core/delivery/broadcast.ts';
import type { BroadcastPage } from '../core/delivery/broadcast-worker.ts';
import type { SocketSender } from '../core/delivery/socket-sender.ts';
import { createConnectionRows } from '../edge/connection-rows.ts';
import { read, readBroadcastSettings, readConnectionTables } from '../edge/environment.ts';
import { createStarter } from '../edge/invoke.ts';
import { createMemberRows } from '../edge/member-rows.ts';
import { createSubscriptionRows } from '../edge/subscription-rows.ts';

/**
 * What each function has that speaks on channels or ends connections. It is one thing because leaving publishes (who has left),
 * and publishing finds who is to leave.
 * @param sender should try once, because what is posted to many is tried again by the fan-out
 */
export function createChannels(client: DynamoDBClient, sender: Pick<SocketSender, 'post'>, clock: Clock) {
  const registry = createConnectionRows(readConnectionTables(), client, clock);
  const subscriptions = createSubscriptionRows(read('SUBSCRIPTIONS_TABLE'), client, clock);
  const members = createMemberRows(read('MEMBERS_TABLE'), client, clock);
  const leaveLater: Leave = (...found) => leave(...found);
  const { deliverFunction, quota } = readBroadcastSettings();
  const starter = createStarter({ deliver: deliverFunction });
  const world = {
    subscriptions,
    sender,
    leave: leaveLater,
    clock,
    random: Math.random,
    quota,
    startWorker: (job: BroadcastPage) => starter.deliver({ broadcast: job }),
    newId: () => randomUUID(),
  };
  const publish = createPublish(world);
  const announce = createAnnounce({ members, publish });
  const part = createPart({ subscriptions, members, announce });
  const leave = createLeave(registry, part);
  return { ...world, registry, members, publish, announce, part, leave };
}
