import { DeleteItemCommand, type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { Clock } from '../../core/clock.ts';
import type { Claims } from '../../core/connections/claims.ts';
import { type Counters, windowsAt } from '../../core/connections/meter.ts';
import {
  type Attempt,
  answerMemory,
  attemptSeconds,
  type Beginning,
  type Idempotency,
} from '../../core/http-api/idempotency.ts';
import {
  conditionFailed,
  epochSeconds,
  findRow,
  hasExpired,
  isThere,
  now,
  number,
  orConditionFailed,
  type Row,
  updateRow,
} from './row.ts';
import { claimsTable, rowVersion } from './tables.ts';

const { partitionKey, ttl } = claimsTable;
const isFree = `attribute_not_exists(${partitionKey})`;

/** Claims as rows of one DynamoDB table: a conditional put decides which caller was first. */
export function createClaimRows(table: string, client: DynamoDBClient, clock: Clock): Claims {
  return {
    async claim(name, expiresAt) {
      const put = new PutItemCommand({
        TableName: table,
        Item: { ...keyOf(name), version: rowVersion, [ttl]: number(expiresAt) },
        ConditionExpression: `${isFree} OR ${hasExpired}`,
        ExpressionAttributeValues: now(clock),
      });
      return (await orConditionFailed(client.send(put))) !== conditionFailed;
    },

    async holds(name) {
      return isThere(await findRow(client, table, keyOf(name)), clock);
    },

    async release(name) {
      await client.send(new DeleteItemCommand({ TableName: table, Key: keyOf(name) }));
    },
  };
}

/** Requests and their answers as rows of the same table, by the same conditional put. */
export function createIdempotencyRows(table: string, client: DynamoDBClient, clock: Clock): Idempotency {
  return {
    async begin(attempt) {
      // An answered row has no `attemptEndsAt`.
      const hasDied = 'bodyHash = :hash AND attemptEndsAt <= :now';
      const put = new PutItemCommand({
        TableName: table,
        Item: { ...row(attempt), attemptEndsAt: number(epochSeconds(clock) + attemptSeconds) },
        ConditionExpression: `${isFree} OR ${hasExpired} OR (${hasDied})`,
        ExpressionAttributeValues: { ':hash': { S: attempt.bodyHash }, ...now(clock) },
      });
      return (await orConditionFailed(client.send(put))) === conditionFailed ? whatIsThere(attempt) : 'ours';
    },

    async finish(attempt, answer) {
      await client.send(new PutItemCommand({ TableName: table, Item: { ...row(attempt), answer: { S: answer } } }));
    },

    async abandon({ name }) {
      const ConditionExpression = 'attribute_not_exists(answer)';
      const removal = new DeleteItemCommand({ TableName: table, Key: keyOf(name), ConditionExpression });
      await orConditionFailed(client.send(removal));
    },
  };

  function row({ name, bodyHash }: Attempt): Row {
    const expiresAt = number(epochSeconds(clock) + answerMemory);
    return { ...keyOf(name), version: rowVersion, bodyHash: { S: bodyHash }, [ttl]: expiresAt };
  }

  async function whatIsThere({ name, bodyHash }: Attempt): Promise<Beginning> {
    const found = await findRow(client, table, keyOf(name));
    // Released since the put: the client's retry succeeds.
    if (found === undefined) return 'under-way';
    if (found['bodyHash']?.S !== bodyHash) return 'other-request';
    return found['answer']?.S === undefined ? 'under-way' : { answer: found['answer'].S };
  }
}

/** 150 windows of six bytes, and the name of a connection, stay below 1 KB, which is one write unit. */
const windowsPerRow = 150;

/**
 * Counters as rows of the same table. A row has the windows of a period, each as an attribute, and expires soon after
 * it, so no window has to be removed. One in fifteen `add`s has windows in two rows and writes twice. A failed
 * condition is billed as a write
 * (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/WorkingWithItems.html#WorkingWithItems.ConditionalWrites.ReturnConsumedCapacity).
 */
export function createCounterRows(table: string, client: DynamoDBClient): Counters {
  return {
    async add(name, amount, at, { milliseconds, most }) {
      const windows = windowsAt(at, { milliseconds });
      const [first = 0, last = 0] = [windows.at(0), windows.at(-1)].map((window) => rowOf(window ?? 0));
      // The first row before the last: its windows have counted longest, so it is more likely to be full.
      for (let row = first; row <= last; row += 1) {
        const names = windows.filter((window) => rowOf(window) === row).map(attributeOf);
        const endsAt = ((row + 1) * windowsPerRow * milliseconds) / 10;
        if ((await addTo(`${name}:${row}`, names, endsAt)) === conditionFailed) return 'full';
      }
      return 'added';

      function addTo(row: string, names: readonly string[], endsAt: number) {
        const hasRoom = (window: string) => `(attribute_not_exists(${window}) OR ${window} <= :room)`;
        return updateRow(client, {
          TableName: table,
          Key: keyOf(row),
          UpdateExpression: `ADD ${names.map((window) => `${window} :amount`).join(', ')} SET ${ttl} = :expiresAt, version = :version`,
          ConditionExpression: names.map(hasRoom).join(' AND '),
          ExpressionAttributeValues: {
            ':amount': number(amount),
            ':room': number(most - amount),
            ':expiresAt': number(Math.ceil(endsAt / 1000) + 60),
            ':version': rowVersion,
          },
        });
      }
    },
  };
}

function rowOf(window: number): number {
  return Math.floor(window / windowsPerRow);
}

function attributeOf(window: number): string {
  return `w${window % windowsPerRow}`;
}

function keyOf(name: string): Row {
  return { [partitionKey]: { S: name } };
}
