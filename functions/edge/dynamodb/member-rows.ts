import { DeleteItemCommand, type DynamoDBClient, type UpdateItemCommandInput } from '@aws-sdk/client-dynamodb';
import type { Members } from '../../core/channels/members.ts';
import type { Clock } from '../../core/clock.ts';
import { connectionLifetime } from '../../core/connections/connection.ts';
import type { Member } from '../../core/connections/member.ts';
import {
  conditionFailed,
  epochSeconds,
  findRow,
  hasExpired,
  isThere,
  now,
  number,
  optional,
  orConditionFailed,
  queryRows,
  type Row,
  updateRow,
} from './row.ts';
import { membersTable, rowVersion } from './tables.ts';

const { partitionKey, sortKey, ttl } = membersTable;

/**
 * Members as rows of one DynamoDB table. A user's connections are a set, and each update returns the row before it,
 * which shows whether a connection was the first or the last.
 */
export function createMemberRows(table: string, client: DynamoDBClient, clock: Clock): Members {
  return {
    async join(channel, member, connectionId) {
      const { UpdateExpression, values } = describe(member);
      const change = (verb: string, condition: string): UpdateItemCommandInput => ({
        TableName: table,
        Key: keyOf(channel, member.userId),
        UpdateExpression: `${verb} ${UpdateExpression}`,
        ConditionExpression: condition,
        ExpressionAttributeValues: { ...values, ':ids': { SS: [connectionId] }, ...now(clock) },
        ReturnValues: 'ALL_OLD',
      });
      for (;;) {
        const before = await update(change('ADD connections :ids SET', `NOT (${hasExpired})`));
        if (before !== conditionFailed) return before.length === 0;
        // The sockets of an expired row are closed. The connection that replaces it is the first.
        const replaced = await update(change('SET connections = :ids,', hasExpired));
        if (replaced !== conditionFailed) return true;
      }
    },

    async leave(channel, userId, connectionId) {
      const Key = keyOf(channel, userId);
      const before = await update({
        TableName: table,
        Key,
        UpdateExpression: 'DELETE connections :ids',
        // Otherwise the update would create a row for a member that has already left.
        ConditionExpression: 'contains(connections, :id)',
        ExpressionAttributeValues: { ':ids': { SS: [connectionId] }, ':id': { S: connectionId } },
        ReturnValues: 'ALL_OLD',
      });
      if (before === conditionFailed || before.length > 1) return false;
      await removeEmpty(Key);
      return true;
    },

    async of(channel, connectionId) {
      const byIt = connectionId === undefined ? '' : ' AND contains(connections, :id)';
      const id = optional(':id', connectionId);
      const query = {
        TableName: table,
        ConsistentRead: true,
        KeyConditionExpression: `${partitionKey} = :channel`,
        FilterExpression: `NOT (${hasExpired}) AND attribute_exists(connections)${byIt}`,
        ProjectionExpression: `${sortKey}, userInfo`,
        ExpressionAttributeValues: { ':channel': { S: channel }, ...now(clock), ...id },
      };
      const members: Member[] = [];
      for await (const page of queryRows(client, query, readRow)) members.push(...page);
      return members;
    },

    async find(channel, userId) {
      const row = await findRow(client, table, keyOf(channel, userId));
      return isThere(row, clock) && row['connections'] !== undefined ? readRow(row) : undefined;
    },
  };

  function describe({ userInfo }: Member) {
    const values = { ':expiresAt': number(epochSeconds(clock) + connectionLifetime), ':version': rowVersion };
    const always = `${ttl} = :expiresAt, version = :version`;
    if (userInfo === undefined) return { UpdateExpression: `${always} REMOVE userInfo`, values };
    return {
      UpdateExpression: `${always}, userInfo = :userInfo`,
      values: { ...values, ':userInfo': { S: JSON.stringify(userInfo) } },
    };
  }

  /** @returns the connections before the update */
  async function update(change: UpdateItemCommandInput): Promise<readonly string[] | typeof conditionFailed> {
    const outcome = await updateRow(client, change);
    return outcome === conditionFailed ? outcome : (outcome?.['connections']?.SS ?? []);
  }

  /** A connection that joins in between was the first: it keeps the row and is announced again. */
  async function removeEmpty(Key: Row): Promise<void> {
    const ConditionExpression = 'attribute_not_exists(connections)';
    await orConditionFailed(client.send(new DeleteItemCommand({ TableName: table, Key, ConditionExpression })));
  }
}

function keyOf(channel: string, userId: string): Row {
  return { [partitionKey]: { S: channel }, [sortKey]: { S: userId } };
}

function readRow(row: Row): Member {
  const userId = row[sortKey]?.S ?? '';
  return row['userInfo']?.S === undefined ? { userId } : { userId, userInfo: JSON.parse(row['userInfo'].S) };
}
