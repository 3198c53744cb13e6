import type { Index, KeyElement, Table } from 'dynalite/store';
import type { Dynalite } from './dynalite.ts';
import { failure, invalid, type Outcome } from './engine.ts';

interface Creation {
  readonly IndexName: string;
  readonly KeySchema: readonly KeyElement[];
  readonly Projection: object;
  ProvisionedThroughput?: object;
}

interface Update {
  readonly Create?: Creation;
  readonly Delete?: { readonly IndexName: string };
  readonly Update?: object;
}

/** Whether an UpdateTable adds or removes an index. dynalite answers such a call but changes nothing. */
export function changesIndexes({ GlobalSecondaryIndexUpdates: updates }: Readonly<Record<string, unknown>>): boolean {
  return Array.isArray(updates) && updates.some((each: Update | null) => each?.Create || each?.Delete);
}

/**
 * Changes one index per call, as AWS does, and nothing else in the same call. The index is ready at once.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.OnlineOps.html
 */
export async function changeIndexes(dynalite: Dynalite, input: Record<string, unknown>): Promise<Outcome> {
  const table = typeof input['TableName'] === 'string' ? await dynalite.table(input['TableName']) : undefined;
  const isOnDemand = table?.BillingModeSummary?.BillingMode === 'PAY_PER_REQUEST';
  const definitions = (input['AttributeDefinitions'] ?? []) as Table['AttributeDefinitions'];
  const isOfOneKind = !input['ProvisionedThroughput'] && !input['BillingMode'];
  // dynalite requires it on every table.
  for (const { Create } of input['GlobalSecondaryIndexUpdates'] as Update[]) {
    if (isOnDemand && Create) Create.ProvisionedThroughput = { ReadCapacityUnits: 1, WriteCapacityUnits: 1 };
  }
  const prepared = dynalite.prepare('UpdateTable', input);
  if ('refusal' in prepared) return prepared.refusal;
  if (table === undefined) return dynalite.run('UpdateTable', prepared.data);

  const [update, ...more] = prepared.data['GlobalSecondaryIndexUpdates'] as readonly Update[];
  if (more.length > 0) {
    const message = 'Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table';
    return failure('dynamodb', 'LimitExceededException', message);
  }
  if (!isOfOneKind) return invalid('The local cloud changes an index or the throughput of a table, not both at once.');
  if (update?.Create) return create(dynalite, table, update.Create, definitions, isOnDemand);
  return drop(dynalite, table, update?.Delete?.IndexName ?? '');
}

async function create(
  dynalite: Dynalite,
  table: Table,
  { IndexName, KeySchema, Projection, ProvisionedThroughput }: Creation,
  definitions: Table['AttributeDefinitions'],
  isOnDemand: boolean,
): Promise<Outcome> {
  const indexes = table.GlobalSecondaryIndexes ?? [];
  if (indexes.some((each) => each.IndexName === IndexName)) {
    return invalid(`Attempting to create an index which already exists: ${IndexName}`);
  }
  const known = new Map([...table.AttributeDefinitions, ...definitions].map((each) => [each.AttributeName, each]));
  const missing = KeySchema.find(({ AttributeName }) => !known.has(AttributeName));
  if (missing !== undefined) return invalid(`${missing.AttributeName} is not defined in AttributeDefinitions`);

  const throughput = isOnDemand ? { ReadCapacityUnits: 0, WriteCapacityUnits: 0 } : ProvisionedThroughput;
  const index: Index = {
    IndexName,
    KeySchema,
    Projection,
    IndexArn: `${table.TableArn}/index/${IndexName}`,
    IndexSizeBytes: 0,
    ItemCount: 0,
    IndexStatus: 'ACTIVE',
    ProvisionedThroughput: { ...throughput, NumberOfDecreasesToday: 0 },
  };
  const changed = {
    ...table,
    AttributeDefinitions: [...known.values()],
    GlobalSecondaryIndexes: [...indexes, index],
  };
  await dynalite.putTable(changed);
  const onlyThis: Table = { ...changed, GlobalSecondaryIndexes: [index], LocalSecondaryIndexes: [] };
  for (const item of await dynalite.items(table)) {
    // The index omits items whose attribute has another type.
    const isIndexed = KeySchema.every(({ AttributeName }) => {
      const value = (item as Readonly<Record<string, Readonly<Record<string, unknown>>>>)[AttributeName];
      return Boolean(value?.[known.get(AttributeName)?.AttributeType ?? '']);
    });
    if (isIndexed) await dynalite.index(onlyThis, undefined, item);
  }
  return describe({ ...changed, GlobalSecondaryIndexes: [...indexes, { ...index, IndexStatus: 'CREATING' }] });
}

async function drop(dynalite: Dynalite, table: Table, name: string): Promise<Outcome> {
  const indexes = table.GlobalSecondaryIndexes ?? [];
  const kept = indexes.filter(({ IndexName }) => IndexName !== name);
  if (kept.length === indexes.length) {
    return failure('dynamodb', 'ResourceNotFoundException', 'Requested resource not found');
  }
  const { GlobalSecondaryIndexes: _, ...bare } = table;
  const changed: Table = kept.length === 0 ? bare : { ...bare, GlobalSecondaryIndexes: kept };
  await dynalite.putTable(changed);
  await dynalite.dropIndex(table, name);
  return describe(changed);
}

function describe(table: Table): Outcome {
  return { status: 200, output: { TableDescription: { ...table, TableStatus: 'UPDATING' } } };
}
