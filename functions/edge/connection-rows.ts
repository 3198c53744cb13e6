import {
  type AttributeValue,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  paginateScan,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { Clock } from '../core/clock.ts';
import { type Connection, connectionLifetime } from '../core/connection.ts';
import type { ConnectionRegistry, RegisteredConnection } from '../core/connection-registry.ts';
import { connectionsTable } from './tables.ts';

type Row = Record<string, AttributeValue>;

const { partitionKey, sortKey, ttl } = connectionsTable;

/** The registry as rows of one DynamoDB table. */
export function createConnectionRows(table: string, client: DynamoDBClient, clock: Clock): ConnectionRegistry {
  const keyOf = ({ principalId, connectionId }: Connection): Row => ({
    [partitionKey]: { S: principalId },
    [sortKey]: { S: connectionId },
  });

  return {
    async add(connection) {
      const expiresAt = Math.floor(connection.connectedAt / 1000) + connectionLifetime;
      const Item = {
        ...keyOf(connection),
        sessionHash: { S: connection.sessionHash },
        connectedAt: { N: String(connection.connectedAt) },
        ...(connection.sessionExpiresAt === undefined
          ? {}
          : { sessionExpiresAt: { N: String(connection.sessionExpiresAt) } }),
        [ttl]: { N: String(expiresAt) },
      };
      await client.send(new PutItemCommand({ TableName: table, Item }));
    },

    async holds(connection) {
      const answer = await client.send(
        new GetItemCommand({
          TableName: table,
          Key: keyOf(connection),
          ConsistentRead: true,
          ProjectionExpression: sortKey,
        }),
      );
      return answer.Item !== undefined;
    },

    async markWelcomed(connection, welcomedAt) {
      const stillThere = `attribute_exists(${sortKey})`;
      try {
        await client.send(
          new UpdateItemCommand({
            TableName: table,
            Key: keyOf(connection),
            UpdateExpression: 'SET welcomedAt = :now',
            ConditionExpression: stillThere,
            ExpressionAttributeValues: { ':now': { N: String(welcomedAt) } },
          }),
        );
        return true;
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return false;
        throw error;
      }
    },

    async leave(connection) {
      await client.send(new DeleteItemCommand({ TableName: table, Key: keyOf(connection) }));
    },

    async *everyone() {
      // TTL may delete days late (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ttl-expired-items.html).
      const notExpired = `${ttl} > :now`;
      const sessionGoesOn = '(attribute_not_exists(sessionExpiresAt) OR sessionExpiresAt > :now)';
      const pages = paginateScan(
        { client },
        {
          TableName: table,
          // Who was added before the reading began must be seen: the tick that a connect starts looks at once.
          ConsistentRead: true,
          ProjectionExpression: `${partitionKey}, ${sortKey}, connectedAt, welcomedAt`,
          FilterExpression: `${notExpired} AND ${sessionGoesOn}`,
          ExpressionAttributeValues: { ':now': { N: String(Math.floor(clock.now() / 1000)) } },
        },
      );
      for await (const page of pages) yield (page.Items ?? []).map(readRow);
    },
  };
}

function readRow(row: Row): RegisteredConnection {
  return {
    principalId: row[partitionKey]?.S ?? '',
    connectionId: row[sortKey]?.S ?? '',
    connectedAt: Number(row.connectedAt?.N),
    welcomed: row.welcomedAt !== undefined,
  };
}
