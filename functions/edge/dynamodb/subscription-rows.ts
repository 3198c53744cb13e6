import {
  DeleteItemCommand,
  type DynamoDBClient,
  PutItemCommand,
  paginateQuery,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import type { Subscription, Subscriptions } from '../../core/channels/subscriptions.ts';
import type { Clock } from '../../core/clock.ts';
import { type Connection, connectionLifetime } from '../../core/connections/connection.ts';
import {
  conditionFailed,
  epochSeconds,
  findRow,
  isThere,
  notExpired,
  now,
  number,
  optional,
  orConditionFailed,
  type Row,
  scanRows,
} from './row.ts';
import { rowVersion, subscriptionsTable } from './tables.ts';

const { partitionKey, sortKey, ttl } = subscriptionsTable;
const ofChannel = `${partitionKey} = :channel`;

/**
 * Subscriptions as rows of one DynamoDB table. A broadcast reads all rows of its channel and pays for every 4 KB, so a
 * row holds only the attributes that posting and leaving need.
 */
export function createSubscriptionRows(table: string, client: DynamoDBClient, clock: Clock): Subscriptions {
  return {
    async add(channel, connection, joinedAt, userId) {
      const Item = {
        ...keyOf(channel, connection),
        version: rowVersion,
        principalId: { S: connection.principalId },
        joinedAt: number(joinedAt),
        // No connection that can join now can live longer.
        [ttl]: number(epochSeconds(clock) + connectionLifetime),
        ...optional('userId', userId),
      };
      const put = new PutItemCommand({
        TableName: table,
        Item,
        ConditionExpression: 'attribute_not_exists(joinedAt) OR joinedAt <= :instant',
        ExpressionAttributeValues: { ':instant': number(joinedAt) },
        ReturnValues: 'ALL_OLD',
      });
      const outcome = await orConditionFailed(client.send(put));
      if (outcome === conditionFailed) return find(channel, connection);
      const { Attributes: replaced } = outcome;
      return isThere(replaced, clock) ? readSubscription(replaced) : undefined;
    },

    find,

    async remove(channel, connection, joinedBefore) {
      const isOlder = joinedBefore !== undefined && {
        ConditionExpression: 'attribute_not_exists(joinedAt) OR joinedAt < :instant',
        ExpressionAttributeValues: { ':instant': number(joinedBefore) },
      };
      const Key = keyOf(channel, connection);
      const removal = new DeleteItemCommand({ TableName: table, Key, ...isOlder, ReturnValues: 'ALL_OLD' });
      const outcome = await orConditionFailed(client.send(removal));
      if (outcome === conditionFailed) return 'younger';
      return outcome.Attributes === undefined ? undefined : readSubscription(outcome.Attributes);
    },

    async page(channel, { after, upTo, limit, latest = false } = {}) {
      const { Items = [], LastEvaluatedKey } = await client.send(
        new QueryCommand({
          TableName: table,
          ...livingIn(channel, upTo),
          ConsistentRead: latest,
          ExclusiveStartKey: after === undefined ? undefined : keyOf(channel, { connectionId: after }),
          Limit: limit,
          ProjectionExpression: `${sortKey}, principalId`,
        }),
      );
      return { subscribers: Items.map(readRow), next: LastEvaluatedKey?.[sortKey]?.S };
    },

    async last(channel, upTo) {
      const { Items = [] } = await client.send(
        new QueryCommand({
          TableName: table,
          ...keysIn(channel, upTo),
          ScanIndexForward: false,
          Limit: 1,
          ProjectionExpression: sortKey,
        }),
      );
      return Items[0]?.[sortKey]?.S;
    },

    async count(channel) {
      let count = 0;
      const counting = { TableName: table, ...livingIn(channel), Select: 'COUNT' as const };
      for await (const { Count = 0 } of paginateQuery({ client }, counting)) count += Count;
      return count;
    },

    async *occupied() {
      const scan = {
        TableName: table,
        ProjectionExpression: partitionKey,
        FilterExpression: notExpired,
        ExpressionAttributeValues: now(clock),
      };
      const pages = scanRows(client, scan, (row) => row[partitionKey]?.S ?? '');
      for await (const page of pages) yield [...new Set(page)];
    },
  };

  function livingIn(channel: string, upTo?: string) {
    const { KeyConditionExpression, ExpressionAttributeValues } = keysIn(channel, upTo);
    return {
      KeyConditionExpression,
      FilterExpression: notExpired,
      ExpressionAttributeValues: { ...ExpressionAttributeValues, ...now(clock) },
    };
  }

  async function find(channel: string, connection: Connection): Promise<Subscription | undefined> {
    const row = await findRow(client, table, keyOf(channel, connection));
    return isThere(row, clock) ? readSubscription(row) : undefined;
  }
}

function keyOf(channel: string, { connectionId }: Pick<Connection, 'connectionId'>): Row {
  return { [partitionKey]: { S: channel }, [sortKey]: { S: connectionId } };
}

function keysIn(channel: string, upTo: string | undefined) {
  if (upTo === undefined)
    return { KeyConditionExpression: ofChannel, ExpressionAttributeValues: { ':channel': { S: channel } } };
  return {
    KeyConditionExpression: `${ofChannel} AND ${sortKey} <= :upTo`,
    ExpressionAttributeValues: { ':channel': { S: channel }, ':upTo': { S: upTo } },
  };
}

function readSubscription({ userId, joinedAt }: Row): Subscription {
  return { userId: userId?.S, joinedAt: Number(joinedAt?.N) };
}

function readRow(row: Row): Connection {
  return { principalId: row['principalId']?.S ?? '', connectionId: row[sortKey]?.S ?? '' };
}
