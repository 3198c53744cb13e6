import {
  type AttributeValue,
  BatchWriteItemCommand,
  CreateTableCommand,
  type DynamoDBClient,
  type QueryCommandOutput,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { systemClock } from '../functions/edge/clock.ts';
import { createSubscriptionRows } from '../functions/edge/dynamodb/subscription-rows.ts';
import { subscriptionsTable } from '../functions/edge/dynamodb/tables.ts';
import { hasJava, startEngine } from '../test/contract/engines.ts';
import type { Bench } from './bench.ts';
import { subscriberIds } from './subscriber-ids.ts';

const TableName = 'subscriptions';
const { partitionKey, sortKey } = subscriptionsTable;
const principalId = 'user:0196f9a4-7b1e-7c5d-9a57-1f3a6c2f9d10';
const batchSize = 25;
const inFlight = 8;

/**
 * The read units for all subscribers of a public channel, page by page as the workers read them, as the engine reports
 * them.
 */
export async function countReadUnits(bench: Bench, subscribers: number): Promise<number> {
  const engine = await startEngine({ engine: hasJava ? 'strict' : 'dynalite' });
  bench.defer(() => engine.close());
  await createTable(engine.client);
  const ids = subscriberIds(subscribers);
  const batches = Array.from({ length: Math.ceil(ids.length / batchSize) }, (_, n) =>
    ids.slice(n * batchSize, (n + 1) * batchSize),
  );
  bench.step(`putting ${subscribers} rows into a table`);
  const row = await captureRow(engine.client);
  const loaders = Array.from({ length: inFlight }, async () => {
    for (let batch = batches.pop(); batch !== undefined; batch = batches.pop()) {
      const puts = batch.map((id) => ({ PutRequest: { Item: { ...row, [sortKey]: { S: id } } } }));
      await engine.client.send(new BatchWriteItemCommand({ RequestItems: { [TableName]: puts } }));
    }
  });
  await Promise.all(loaders);

  bench.step('reading them');
  let units = 0;
  engine.client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next({ ...args, input: { ...args.input, ReturnConsumedCapacity: 'TOTAL' } });
      units += (result.output as QueryCommandOutput).ConsumedCapacity?.CapacityUnits ?? Number.NaN;
      return result;
    },
    { step: 'initialize' },
  );
  const rows = createSubscriptionRows(TableName, engine.client, systemClock);
  let found = 0;
  for (let after: string | undefined, isOver = false; !isOver; ) {
    const page = await rows.page('news', { after });
    found += page.subscribers.length;
    [after, isOver] = [page.next, page.next === undefined];
  }
  if (found !== subscribers) throw new Error(`Only ${found} of ${subscribers} rows were read.`);
  return units;
}

/** The row of a new subscription. */
async function captureRow(client: DynamoDBClient): Promise<Record<string, AttributeValue>> {
  const captured: Record<string, AttributeValue>[] = [];
  client.middlewareStack.add(
    (next) => async (args) => {
      const { Item } = args.input as { readonly Item?: Record<string, AttributeValue> };
      if (Item !== undefined) captured.push(Item);
      return next(args);
    },
    { step: 'initialize', name: 'capture' },
  );
  const [connectionId = ''] = subscriberIds(1);
  const rows = createSubscriptionRows(TableName, client, systemClock);
  await rows.add('news', { principalId, connectionId }, systemClock.now());
  client.middlewareStack.remove('capture');
  const [row] = captured;
  if (row === undefined) throw new Error('Nothing was written.');
  return row;
}

async function createTable(client: DynamoDBClient): Promise<void> {
  const keys = { [partitionKey]: 'HASH', [sortKey]: 'RANGE' } as const;
  const KeySchema = Object.entries(keys).map(([AttributeName, KeyType]) => ({ AttributeName, KeyType }));
  const AttributeDefinitions = Object.keys(keys).map((AttributeName) => ({
    AttributeName,
    AttributeType: 'S' as const,
  }));
  const BillingMode = 'PAY_PER_REQUEST';
  await client.send(new CreateTableCommand({ TableName, KeySchema, AttributeDefinitions, BillingMode }));
  await waitUntilTableExists({ client, maxWaitTime: 10, minDelay: 1 }, { TableName });
}
