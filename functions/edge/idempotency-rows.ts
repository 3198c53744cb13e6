import { DeleteItemCommand, type DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { Clock } from '../core/clock.ts';
import {
  type Attempt,
  answerMemory,
  attemptSeconds,
  type Beginning,
  type Idempotency,
} from '../core/http-api/idempotency.ts';
import { orUnfit } from './or-unfit.ts';
import { claimsTable, rowVersion } from './tables.ts';

const { partitionKey, ttl } = claimsTable;

/** Requests and their answers as rows of the table of claims: a conditional put decides who acts. */
export function createIdempotencyRows(table: string, client: DynamoDBClient, clock: Clock): Idempotency {
  const seconds = () => Math.floor(clock.now() / 1000);

  return {
    async begin(attempt) {
      const [isFree, hasExpired] = [`attribute_not_exists(${partitionKey})`, `${ttl} <= :now`];
      // An answered row has no such end any more.
      const hasDied = 'bodyHash = :hash AND attemptEndsAt <= :now';
      const put = new PutItemCommand({
        TableName: table,
        Item: { ...row(attempt), attemptEndsAt: { N: String(seconds() + attemptSeconds) } },
        ConditionExpression: `${isFree} OR ${hasExpired} OR (${hasDied})`,
        ExpressionAttributeValues: { ':now': { N: String(seconds()) }, ':hash': { S: attempt.bodyHash } },
      });
      return (await orUnfit(client.send(put))) === 'unfit' ? whatIsThere(attempt) : 'ours';
    },

    async finish(attempt, answer) {
      await client.send(new PutItemCommand({ TableName: table, Item: { ...row(attempt), answer: { S: answer } } }));
    },

    async abandon({ name }) {
      const Key = { [partitionKey]: { S: name } };
      const ConditionExpression = 'attribute_not_exists(answer)';
      await orUnfit(client.send(new DeleteItemCommand({ TableName: table, Key, ConditionExpression })));
    },
  };

  function row({ name, bodyHash }: Attempt) {
    const expiresAt = String(seconds() + answerMemory);
    return { [partitionKey]: { S: name }, version: rowVersion, bodyHash: { S: bodyHash }, [ttl]: { N: expiresAt } };
  }

  async function whatIsThere({ name, bodyHash }: Attempt): Promise<Beginning> {
    const Key = { [partitionKey]: { S: name } };
    const { Item } = await client.send(new GetItemCommand({ TableName: table, Key, ConsistentRead: true }));
    // Given back since the put: who asks again gets it.
    if (Item === undefined) return 'under-way';
    if (Item.bodyHash?.S !== bodyHash) return 'other-request';
    return Item.answer?.S === undefined ? 'under-way' : { answer: Item.answer.S };
  }
}
