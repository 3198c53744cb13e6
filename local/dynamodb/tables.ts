import { setTimeout as wait } from 'node:timers/promises';
import { tableShape } from '../template/known-properties.ts';
import type { Value } from '../template/resolve.ts';
import { readProperties, type Stack, type StackResource } from '../template/stack.ts';
import { ask, type Engine } from './engine.ts';

/**
 * The DynamoDB tables of the stack. CDK's `TableV2` is a global table; with one replica it acts like a normal table.
 * @throws for more than one replica, and for a replica's setting that is not emulated, with its path
 */
export function tablesOf(stack: Pick<Stack, 'ofType'>): readonly StackResource[] {
  const globalTables = stack.ofType('AWS::DynamoDB::GlobalTable');
  for (const { logicalId, properties } of globalTables) {
    const replicas = (properties.value('Replicas') ?? []) as readonly Record<string, Value>[];
    if (replicas.length > 1) throw new Error(`${logicalId}.Replicas: more than one replica is not emulated.`);
    const unknown = Object.keys(replicas[0] ?? {}).find((name) => !replicaSettings.includes(name));
    if (unknown !== undefined) throw new Error(`${logicalId}.Replicas[0]: the property ${unknown} is not emulated.`);
  }
  return [...stack.ofType('AWS::DynamoDB::Table'), ...globalTables];
}

/** These settings have no meaning on one machine. */
const replicaSettings = [
  'Region',
  'ContributorInsightsSpecification',
  'DeletionProtectionEnabled',
  'PointInTimeRecoverySpecification',
  'ReadOnDemandThroughputSettings',
  'SSESpecification',
  'TableClass',
  'Tags',
];

export interface LocalTable {
  readonly logicalId: string;
  /** The physical name. */
  readonly name: string;
  readonly keySchema: readonly { readonly AttributeName: string; readonly KeyType: 'HASH' | 'RANGE' }[];
  /** The attribute with an item's expiry time. */
  readonly timeToLiveAttribute: string | undefined;
  readonly isOnDemand: boolean;
}

/** @throws with the logical id of the table that the engine rejected */
export async function createTables(engine: Engine, stack: Stack): Promise<readonly LocalTable[]> {
  const tables: LocalTable[] = [];
  for (const resource of tablesOf(stack)) {
    tables.push(
      await createTable(engine, resource).catch((error: Error) => {
        throw new Error(`${resource.logicalId}: the table could not be created: ${error.message}`);
      }),
    );
  }
  return tables;
}

async function createTable(engine: Engine, { logicalId, ref, properties }: StackResource): Promise<LocalTable> {
  const shape = Object.fromEntries(tableShape.map((name) => [name, properties.value(name)]));
  await ask(engine, 'CreateTable', { TableName: ref, ...shape });
  await waitUntilActive(engine, ref);

  const specification = properties.value('TimeToLiveSpecification') as Parameters<typeof readProperties>[0] | undefined;
  const { optionalFlag, optionalText } = readProperties(specification ?? {}, `${logicalId}.TimeToLiveSpecification`);
  const AttributeName = optionalFlag('Enabled') === true ? optionalText('AttributeName') : undefined;
  if (AttributeName !== undefined) {
    const input = { TableName: ref, TimeToLiveSpecification: { Enabled: true, AttributeName } };
    await ask(engine, 'UpdateTimeToLive', input);
  }
  return {
    logicalId,
    name: ref,
    keySchema: (properties.value('KeySchema') ?? []) as unknown as LocalTable['keySchema'],
    timeToLiveAttribute: AttributeName,
    isOnDemand: properties.optionalText('BillingMode') === 'PAY_PER_REQUEST',
  };
}

async function waitUntilActive(engine: Engine, TableName: string): Promise<void> {
  for (;;) {
    const { Table } = await ask<{ Table: { TableStatus: string } }>(engine, 'DescribeTable', { TableName });
    if (Table.TableStatus === 'ACTIVE') return;
    await wait(1);
  }
}

type PlainValue = string | number | boolean | null | readonly PlainValue[] | { readonly [name: string]: PlainValue };

/** An item as plain JSON. */
export type PlainItem = Readonly<Record<string, PlainValue>>;

type AttributeValue = Readonly<Record<string, unknown>>;
type Item = Readonly<Record<string, AttributeValue>>;

/** Reads a table directly, without gate and faults. @param table the physical name */
export async function scanTable(engine: Engine, table: string, limit: number): Promise<readonly PlainItem[]> {
  const input = { TableName: table, Limit: limit };
  const { Items } = await ask<{ readonly Items: readonly Item[] }>(engine, 'Scan', input);
  return Items.map(toPlainItem);
}

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_AttributeValue.html; bytes stay base64. */
function toPlainItem(item: Item): PlainItem {
  return Object.fromEntries(Object.entries(item).map(([name, value]) => [name, toPlainValue(value)]));
}

function toPlainValue(value: AttributeValue): PlainValue {
  const [[type, content] = []] = Object.entries(value);
  switch (type) {
    case 'N':
      return toPlainNumber(String(content));
    case 'NS':
      return (content as readonly string[]).map(toPlainNumber);
    case 'NULL':
      return null;
    case 'L':
      return (content as readonly AttributeValue[]).map(toPlainValue);
    case 'M':
      return toPlainItem(content as Item);
    default:
      return content as PlainValue;
  }
}

/** DynamoDB keeps 38 digits. A number that JavaScript cannot represent stays a string. */
function toPlainNumber(text: string): PlainValue {
  const number = Number(text);
  return Number.isInteger(number) && !Number.isSafeInteger(number) ? text : number;
}
