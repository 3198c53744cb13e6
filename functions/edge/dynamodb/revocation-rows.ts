import { type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { Clock } from '../../core/clock.ts';
import { type Revocations, revocationMemory } from '../../core/connections/revocations.ts';
import { findRow, isThere, number, orConditionFailed } from './row.ts';
import { revocationsTable, rowVersion } from './tables.ts';

const { partitionKey, ttl } = revocationsTable;

/** Revocations as rows of one DynamoDB table. */
export function createRevocationRows(table: string, client: DynamoDBClient, clock: Clock): Revocations {
  return {
    async add(principalId, revokedAt) {
      const Item = {
        [partitionKey]: { S: principalId },
        version: rowVersion,
        revokedAt: number(revokedAt),
        [ttl]: number(Math.floor(revokedAt / 1000) + revocationMemory),
      };
      const put = new PutItemCommand({
        TableName: table,
        Item,
        ConditionExpression: 'attribute_not_exists(revokedAt) OR revokedAt < :revokedAt',
        ExpressionAttributeValues: { ':revokedAt': number(revokedAt) },
      });
      await orConditionFailed(client.send(put));
    },

    async isRevokedSince(principalIds, instant) {
      const times = await Promise.all(principalIds.map(revokedAt));
      return times.some((time) => time !== undefined && time >= instant);
    },
  };

  async function revokedAt(principalId: string): Promise<number | undefined> {
    const row = await findRow(client, table, { [partitionKey]: { S: principalId } });
    // DynamoDB may delete an expired row days late.
    return isThere(row, clock) ? Number(row['revokedAt']?.N) : undefined;
  }
}
