import { type DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { Clock } from '../core/clock.ts';
import { type Revocations, revocationMemory } from '../core/connections/revocations.ts';
import { orUnfit } from './or-unfit.ts';
import { revocationsTable, rowVersion } from './tables.ts';

const { partitionKey, ttl } = revocationsTable;

/** Revocations as rows of one DynamoDB table. */
export function createRevocationRows(table: string, client: DynamoDBClient, clock: Clock): Revocations {
  return {
    async add(principalId, revokedAt) {
      const Item = {
        [partitionKey]: { S: principalId },
        version: rowVersion,
        revokedAt: { N: String(revokedAt) },
        [ttl]: { N: String(Math.floor(revokedAt / 1000) + revocationMemory) },
      };
      const put = new PutItemCommand({
        TableName: table,
        Item,
        ConditionExpression: 'attribute_not_exists(revokedAt) OR revokedAt < :revokedAt',
        ExpressionAttributeValues: { ':revokedAt': Item.revokedAt },
      });
      await orUnfit(client.send(put));
    },

    async isRevokedSince(principalIds, instant) {
      const times = await Promise.all(principalIds.map(revokedAt));
      return times.some((time) => time !== undefined && time >= instant);
    },
  };

  async function revokedAt(principalId: string): Promise<number | undefined> {
    const Key = { [partitionKey]: { S: principalId } };
    const { Item } = await client.send(new GetItemCommand({ TableName: table, Key, ConsistentRead: true }));
    // The row may outlive its time by days.
    if (Item === undefined || Number(Item[ttl]?.N) <= Math.floor(clock.now() / 1000)) return undefined;
    return Number(Item.revokedAt?.N);
  }
}
