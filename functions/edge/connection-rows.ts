import {
  type AttributeValue,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  paginateQuery,
  paginateScan,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { Clock } from '../core/clock.ts';
import { type Connection, connectionLifetime } from '../core/connection.ts';
import type { ConnectionRegistry, RegisteredConnection } from '../core/connection-registry.ts';
import { connectionsTable } from './tables.ts';

type Row = Record<string, AttributeValue>;

const { partitionKey, sortKey, ttl } = connectionsTable;
const shown = `${partitionKey}, ${sortKey}, connectedAt, welcomedAt`;
const stillThere = `attribute_exists(${sortKey})`;
const notRevoked = 'attribute_not_exists(revokedAt)';
// TTL may delete days late (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ttl-expired-items.html).
const notExpired = `${ttl} > :now`;

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
      const row = await find(connection);
      return row !== undefined && row.revokedAt === undefined;
    },

    async isRevoked(connection) {
      return (await find(connection))?.revokedAt !== undefined;
    },

    async markWelcomed(connection, welcomedAt) {
      return set(connection, 'welcomedAt', welcomedAt, `${stillThere} AND ${notRevoked}`);
    },

    async revoke(connection, revokedAt) {
      return set(connection, 'revokedAt', revokedAt, stillThere);
    },

    async leave(connection) {
      await client.send(new DeleteItemCommand({ TableName: table, Key: keyOf(connection) }));
    },

    async *of(principalId, sessionHash) {
      const ofSession = sessionHash === undefined ? '' : ' AND sessionHash = :hash';
      const pages = paginateQuery(
        { client },
        {
          TableName: table,
          // Whom a stale read does not show would keep a socket after the logout.
          ConsistentRead: true,
          ProjectionExpression: shown,
          KeyConditionExpression: `${partitionKey} = :principal`,
          FilterExpression: `${notExpired}${ofSession}`,
          ExpressionAttributeValues: {
            ':principal': { S: principalId },
            ...now(),
            ...(sessionHash === undefined ? {} : { ':hash': { S: sessionHash } }),
          },
        },
      );
      for await (const page of pages) yield (page.Items ?? []).map(readRow);
    },

    async *everyone() {
      const sessionGoesOn = '(attribute_not_exists(sessionExpiresAt) OR sessionExpiresAt > :now)';
      const pages = paginateScan(
        { client },
        {
          TableName: table,
          // Who was added before the reading began must be seen: the tick that a connect starts looks at once.
          ConsistentRead: true,
          ProjectionExpression: shown,
          FilterExpression: `${notExpired} AND ${sessionGoesOn} AND ${notRevoked}`,
          ExpressionAttributeValues: now(),
        },
      );
      for await (const page of pages) yield (page.Items ?? []).map(readRow);
    },
  };

  function now(): Row {
    return { ':now': { N: String(Math.floor(clock.now() / 1000)) } };
  }

  async function find(connection: Connection): Promise<Row | undefined> {
    const answer = await client.send(
      new GetItemCommand({
        TableName: table,
        Key: keyOf(connection),
        ConsistentRead: true,
        ProjectionExpression: `${sortKey}, revokedAt`,
      }),
    );
    return answer.Item;
  }

  async function set(connection: Connection, attribute: string, time: number, condition: string): Promise<boolean> {
    try {
      await client.send(
        new UpdateItemCommand({
          TableName: table,
          Key: keyOf(connection),
          UpdateExpression: `SET ${attribute} = :time`,
          ConditionExpression: condition,
          ExpressionAttributeValues: { ':time': { N: String(time) } },
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  }
}

function readRow(row: Row): RegisteredConnection {
  return {
    principalId: row[partitionKey]?.S ?? '',
    connectionId: row[sortKey]?.S ?? '',
    connectedAt: Number(row.connectedAt?.N),
    welcomed: row.welcomedAt !== undefined,
  };
}
