import {
  type AttributeValue,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  paginateQuery,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import type { Members } from '../core/channels/members.ts';
import type { Clock } from '../core/clock.ts';
import { connectionLifetime } from '../core/connections/connection.ts';
import type { Member } from '../core/connections/member.ts';
import { orUnfit } from './or-unfit.ts';
import { membersTable, rowVersion } from './tables.ts';

type Row = Record<string, AttributeValue>;

const { partitionKey, sortKey, ttl } = membersTable;
const hasExpired = `${ttl} <= :now`;

/**
 * Members as rows of one DynamoDB table: a user's connections are a set, and the row as it was before the set changed tells
 * who was first in and last out.
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
        ExpressionAttributeValues: { ...values, ':ids': { SS: [connectionId] }, ':now': { N: String(seconds()) } },
        ReturnValues: 'ALL_OLD',
      });
      for (;;) {
        const before = await update(change('ADD connections :ids SET', `NOT (${hasExpired})`));
        if (before !== 'unfit') return before.length === 0;
        // A row that outlived its time speaks of sockets that are closed. Who replaces it was first.
        const replaced = await update(change('SET connections = :ids,', hasExpired));
        if (replaced !== 'unfit') return true;
      }
    },

    async leave(channel, userId, connectionId) {
      const Key = keyOf(channel, userId);
      const before = await update({
        TableName: table,
        Key,
        UpdateExpression: 'DELETE connections :ids',
        // Else it would create a row for who has left already.
        ConditionExpression: 'contains(connections, :id)',
        ExpressionAttributeValues: { ':ids': { SS: [connectionId] }, ':id': { S: connectionId } },
        ReturnValues: 'ALL_OLD',
      });
      if (before === 'unfit' || before.length > 1) return false;
      await removeEmpty(Key);
      return true;
    },

    async of(channel, connectionId) {
      const byIt = connectionId === undefined ? '' : ' AND contains(connections, :id)';
      const id = connectionId === undefined ? {} : { ':id': { S: connectionId } };
      const members: Member[] = [];
      const pages = paginateQuery(
        { client },
        {
          TableName: table,
          ConsistentRead: true,
          KeyConditionExpression: `${partitionKey} = :channel`,
          FilterExpression: `NOT (${hasExpired}) AND attribute_exists(connections)${byIt}`,
          ProjectionExpression: `${sortKey}, userInfo`,
          ExpressionAttributeValues: { ':channel': { S: channel }, ':now': { N: String(seconds()) }, ...id },
        },
      );
      for await (const { Items = [] } of pages) members.push(...Items.map(readRow));
      return members;
    },

    async find(channel, userId) {
      const { Item } = await client.send(
        new GetItemCommand({ TableName: table, Key: keyOf(channel, userId), ConsistentRead: true }),
      );
      if (Item?.connections === undefined || Number(Item[ttl]?.N) <= seconds()) return undefined;
      return readRow(Item);
    },
  };

  function describe({ userInfo }: Member) {
    const values = { ':expiresAt': { N: String(seconds() + connectionLifetime) }, ':version': rowVersion };
    const always = `${ttl} = :expiresAt, version = :version`;
    if (userInfo === undefined) return { UpdateExpression: `${always} REMOVE userInfo`, values };
    return {
      UpdateExpression: `${always}, userInfo = :userInfo`,
      values: { ...values, ':userInfo': { S: JSON.stringify(userInfo) } },
    };
  }

  /** The connections before, or `unfit` when the condition was not met. */
  async function update(change: UpdateItemCommandInput): Promise<readonly string[] | 'unfit'> {
    const outcome = await orUnfit(client.send(new UpdateItemCommand(change)));
    return outcome === 'unfit' ? outcome : (outcome.Attributes?.connections?.SS ?? []);
  }

  /** Who comes in between has found nobody before him, keeps the row, and is announced again. */
  async function removeEmpty(Key: Row): Promise<void> {
    const ConditionExpression = 'attribute_not_exists(connections)';
    await orUnfit(client.send(new DeleteItemCommand({ TableName: table, Key, ConditionExpression })));
  }

  function seconds(): number {
    return Math.floor(clock.now() / 1000);
  }
}

function keyOf(channel: string, userId: string): Row {
  return { [partitionKey]: { S: channel }, [sortKey]: { S: userId } };
}

function readRow(row: Row): Member {
  const userId = row[sortKey]?.S ?? '';
  return row.userInfo?.S === undefined ? { userId } : { userId, userInfo: JSON.parse(row.userInfo.S) };
}
