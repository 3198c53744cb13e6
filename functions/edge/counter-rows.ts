import { type DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { type Counters, windowsAt } from '../core/connections/counters.ts';
import { orUnfit } from './or-unfit.ts';
import { claimsTable, rowVersion } from './tables.ts';

const { partitionKey, ttl } = claimsTable;

/** So many windows of six bytes, and the name of a connection, stay below 1 KB, which is one write unit. */
const windowsPerRow = 150;

/**
 * Counters as rows of the table of claims: they too are one small item each, by a name, and soon forgotten. A row has the
 * windows of a stretch of time, each as an attribute, so nothing has to be taken out of it again; one in fifteen `add`s, whose
 * windows lie in two rows, is two writes. A refusal is billed as a write
 * (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/WorkingWithItems.html#WorkingWithItems.ConditionalWrites.ReturnConsumedCapacity).
 */
export function createCounterRows(table: string, client: DynamoDBClient): Counters {
  return {
    async add(name, amount, at, { milliseconds, most }) {
      const windows = windowsAt(at, { milliseconds });
      const [first = 0, last = 0] = [windows.at(0), windows.at(-1)].map((window) => rowOf(window ?? 0));
      // The first one before the last: it holds what was counted longest, and is the likelier to be full.
      for (let row = first; row <= last; row += 1) {
        const names = windows.filter((window) => rowOf(window) === row).map(attributeOf);
        const endsAt = ((row + 1) * windowsPerRow * milliseconds) / 10;
        if ((await addTo(`${name}:${row}`, names, endsAt)) === 'unfit') return 'full';
      }
      return 'added';

      function addTo(row: string, names: readonly string[], endsAt: number) {
        const hasRoom = (window: string) => `(attribute_not_exists(${window}) OR ${window} <= :room)`;
        const update = new UpdateItemCommand({
          TableName: table,
          Key: { [partitionKey]: { S: row } },
          UpdateExpression: `ADD ${names.map((window) => `${window} :amount`).join(', ')} SET ${ttl} = :expiresAt, version = :version`,
          ConditionExpression: names.map(hasRoom).join(' AND '),
          ExpressionAttributeValues: {
            ':amount': { N: String(amount) },
            ':room': { N: String(most - amount) },
            ':expiresAt': { N: String(Math.ceil(endsAt / 1000) + 60) },
            ':version': rowVersion,
          },
        });
        return orUnfit(client.send(update));
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
