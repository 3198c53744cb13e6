import { DeleteItemCommand, type DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { Clock } from '../core/clock.ts';
import type { Claims } from '../core/connections/claims.ts';
import { orUnfit } from './or-unfit.ts';
import { claimsTable, rowVersion } from './tables.ts';

const { partitionKey, ttl } = claimsTable;

/** Claims as rows of one DynamoDB table: a conditional put decides who was first. */
export function createClaimRows(table: string, client: DynamoDBClient, clock: Clock): Claims {
  return {
    async claim(name, expiresAt) {
      const [isFree, hasExpired] = [`attribute_not_exists(${partitionKey})`, `${ttl} <= :now`];
      const put = new PutItemCommand({
        TableName: table,
        Item: { [partitionKey]: { S: name }, version: rowVersion, [ttl]: { N: String(expiresAt) } },
        ConditionExpression: `${isFree} OR ${hasExpired}`,
        ExpressionAttributeValues: { ':now': { N: String(Math.floor(clock.now() / 1000)) } },
      });
      return (await orUnfit(client.send(put))) !== 'unfit';
    },

    async holds(name) {
      const Key = { [partitionKey]: { S: name } };
      const { Item } = await client.send(new GetItemCommand({ TableName: table, Key, ConsistentRead: true }));
      return Item !== undefined && Number(Item[ttl]?.N) > Math.floor(clock.now() / 1000);
    },

    async release(name) {
      await client.send(new DeleteItemCommand({ TableName: table, Key: { [partitionKey]: { S: name } } }));
    },
  };
}
