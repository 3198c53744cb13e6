import {
  type AttributeValue,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  paginateQuery,
  paginateScan,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import type { Subscription, Subscriptions } from '../core/channels/subscriptions.ts';
import type { Clock } from '../core/clock.ts';
import { type Connection, connectionLifetime } from '../core/connections/connection.ts';
import { orUnfit } from './or-unfit.ts';
import { rowVersion, subscriptionsTable } from './tables.ts';

type Row = Record<string, AttributeValue>;

const { partitionKey, sortKey, ttl } = subscriptionsTable;
const ofChannel = `${partitionKey} = :channel`;
// TTL may delete days late (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ttl-expired-items.html).
const notExpired = `${ttl} > :now`;

/**
 * Subscriptions as rows of one DynamoDB table. A broadcast reads all rows of its channel and pays for every 4 KB of them, so
 * they hold what posting and leaving need, and no more.
 */
export function createSubscriptionRows(table: string, client: DynamoDBClient, clock: Clock): Subscriptions {
  return {
    async add(channel, connection, joinedAt, userId) {
      const Item = {
        ...keyOf(channel, connection),
        version: rowVersion,
        principalId: { S: connection.principalId },
        joinedAt: { N: String(joinedAt) },
        // No connection that can join now will be there longer.
        [ttl]: { N: String(seconds() + connectionLifetime) },
        ...(userId === undefined ? {} : { userId: { S: userId } }),
      };
      const put = new PutItemCommand({
        TableName: table,
        Item,
        ConditionExpression: 'attribute_not_exists(joinedAt) OR joinedAt <= :instant',
        ExpressionAttributeValues: { ':instant': { N: String(joinedAt) } },
        ReturnValues: 'ALL_OLD',
      });
      const outcome = await orUnfit(client.send(put));
      if (outcome === 'unfit') return find(channel, connection);
      return isAlive(outcome.Attributes) ? readSubscription(outcome.Attributes) : undefined;
    },

    find,

    async remove(channel, connection, joinedBefore) {
      const isOlder = {
        ConditionExpression: 'attribute_not_exists(joinedAt) OR joinedAt < :instant',
        ExpressionAttributeValues: { ':instant': { N: String(joinedBefore) } },
      };
      const Key = keyOf(channel, connection);
      const condition = joinedBefore === undefined ? {} : isOlder;
      const removal = new DeleteItemCommand({ TableName: table, Key, ...condition, ReturnValues: 'ALL_OLD' });
      const outcome = await orUnfit(client.send(removal));
      if (outcome === 'unfit') return 'younger';
      return outcome.Attributes === undefined ? undefined : readSubscription(outcome.Attributes);
    },

    async page(channel, { after, upTo, limit, latest = false } = {}) {
      const { Items = [], LastEvaluatedKey } = await client.send(
        new QueryCommand({
          TableName: table,
          ...livingIn(channel, upTo),
          ConsistentRead: latest,
          ...(after === undefined
            ? {}
            : { ExclusiveStartKey: { [partitionKey]: { S: channel }, [sortKey]: { S: after } } }),
          ...(limit === undefined ? {} : { Limit: limit }),
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
      const pages = paginateScan(
        { client },
        {
          TableName: table,
          ProjectionExpression: partitionKey,
          FilterExpression: notExpired,
          ExpressionAttributeValues: { ':now': { N: String(seconds()) } },
        },
      );
      for await (const { Items = [] } of pages) yield [...new Set(Items.map((row) => row[partitionKey]?.S ?? ''))];
    },
  };

  function livingIn(channel: string, upTo?: string) {
    const { KeyConditionExpression, ExpressionAttributeValues } = keysIn(channel, upTo);
    return {
      KeyConditionExpression,
      FilterExpression: notExpired,
      ExpressionAttributeValues: { ...ExpressionAttributeValues, ':now': { N: String(seconds()) } },
    };
  }

  async function find(channel: string, connection: Connection): Promise<Subscription | undefined> {
    const { Item } = await client.send(
      new GetItemCommand({ TableName: table, Key: keyOf(channel, connection), ConsistentRead: true }),
    );
    return isAlive(Item) ? readSubscription(Item) : undefined;
  }

  function isAlive(row: Row | undefined): row is Row {
    return row !== undefined && Number(row[ttl]?.N) > seconds();
  }

  function seconds(): number {
    return Math.floor(clock.now() / 1000);
  }
}

function keyOf(channel: string, { connectionId }: Connection): Row {
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
  return { principalId: row.principalId?.S ?? '', connectionId: row[sortKey]?.S ?? '' };
}
