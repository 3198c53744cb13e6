import { type DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { Counters } from '../core/counters.ts';
import { claimsTable, rowVersion } from './tables.ts';

const { partitionKey, ttl } = claimsTable;

/** Counters as rows of the table of claims: they too are one small item each, by a name, and soon forgotten. */
export function createCounterRows(table: string, client: DynamoDBClient): Counters {
  return {
    async add(name, amount, expiresAt) {
      const { Attributes } = await client.send(
        new UpdateItemCommand({
          TableName: table,
          Key: { [partitionKey]: { S: name } },
          UpdateExpression: `ADD tally :amount SET ${ttl} = :expiresAt, version = :version`,
          ExpressionAttributeValues: {
            ':amount': { N: String(amount) },
            ':expiresAt': { N: String(expiresAt) },
            ':version': rowVersion,
          },
          ReturnValues: 'UPDATED_NEW',
        }),
      );
      return Number(Attributes?.tally?.N);
    },
  };
}
