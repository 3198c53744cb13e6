import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createPublish } from '../core/broadcast.ts';
import type { Clock } from '../core/clock.ts';
import { createLeave, type Leave } from '../core/leave.ts';
import { createPart } from '../core/part.ts';
import type { SocketSender } from '../core/socket-sender.ts';
import { createConnectionRows } from './connection-rows.ts';
import { read } from './environment.ts';
import { createMemberRows } from './member-rows.ts';
import { createSubscriptionRows } from './subscription-rows.ts';

/**
 * What each function has that speaks on channels or ends connections. It is one thing because leaving publishes (who has left),
 * and publishing finds who is to leave.
 */
export function createChannels(client: DynamoDBClient, sender: Pick<SocketSender, 'post'>, clock: Clock) {
  const registry = createConnectionRows(read('CONNECTIONS_TABLE'), client, clock);
  const subscriptions = createSubscriptionRows(read('SUBSCRIPTIONS_TABLE'), client, clock);
  const members = createMemberRows(read('MEMBERS_TABLE'), client, clock);
  const leaveLater: Leave = (...found) => leave(...found);
  const publish = createPublish({ subscriptions, sender, leave: leaveLater, clock });
  const part = createPart({ subscriptions, members, publish });
  const leave = createLeave(registry, part);
  return { registry, subscriptions, members, publish, part, leave };
}
