import { DeleteItemCommand, type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { Clock } from '../../core/clock.ts';
import { type Connection, connectionLifetime } from '../../core/connections/connection.ts';
import { epochSeconds, notExpired, now, number, queryRows, type Row } from './row.ts';
import { ownersTable, rowVersion } from './tables.ts';

const { partitionKey, sortKey, ttl } = ownersTable;

/**
 * The connections that a session or a user (`session:<hash>` or `user:<id>`) owns, beside those of the principal of
 * that name. A separate table instead of an index, because a logout must miss no connection, and DynamoDB's indexes are
 * only eventually consistent (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html).
 */
export interface OwnerRows {
  add(owner: string, connection: Connection): Promise<void>;
  /** With a consistent read. It MAY include connections that are gone. */
  connectionsOf(owner: string): AsyncIterable<readonly Connection[]>;
  /** It MUST NOT fail if there is no row. */
  remove(owner: string, connection: Connection): Promise<void>;
}

export function createOwnerRows(table: string, client: DynamoDBClient, clock: Clock): OwnerRows {
  return {
    async add(owner, connection) {
      const Item = {
        ...keyOf(owner, connection),
        version: rowVersion,
        principalId: { S: connection.principalId },
        // No connection that is open now can live longer.
        [ttl]: number(epochSeconds(clock) + connectionLifetime),
      };
      await client.send(new PutItemCommand({ TableName: table, Item }));
    },

    connectionsOf(owner) {
      const query = {
        TableName: table,
        ConsistentRead: true,
        ProjectionExpression: `${sortKey}, principalId`,
        KeyConditionExpression: '#owner = :owner',
        FilterExpression: notExpired,
        // A reserved word: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ReservedWords.html
        ExpressionAttributeNames: { '#owner': partitionKey },
        ExpressionAttributeValues: { ':owner': { S: owner }, ...now(clock) },
      };
      return queryRows(client, query, readConnection);
    },

    async remove(owner, connection) {
      await client.send(new DeleteItemCommand({ TableName: table, Key: keyOf(owner, connection) }));
    },
  };
}

function keyOf(owner: string, { connectionId }: Connection): Row {
  return { [partitionKey]: { S: owner }, [sortKey]: { S: connectionId } };
}

function readConnection(row: Row): Connection {
  return { principalId: row['principalId']?.S ?? '', connectionId: row[sortKey]?.S ?? '' };
}
