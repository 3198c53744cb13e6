import { setTimeout as wait } from 'node:timers/promises';
import { tableShape } from '../template/known-properties.ts';
import { readProperties, type Stack, type StackResource } from '../template/stack.ts';
import { tablesOf } from '../template/tables.ts';
import { ask, type Engine } from './engine.ts';

export interface LocalTable {
  readonly logicalId: string;
  /** The physical name. */
  readonly name: string;
  readonly keySchema: readonly { readonly AttributeName: string; readonly KeyType: 'HASH' | 'RANGE' }[];
  /** By which items expire. */
  readonly timeToLiveAttribute: string | undefined;
  readonly isOnDemand: boolean;
}

/** @throws naming the logical id of the table that the engine did not take */
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
  await becomesActive(engine, ref);

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

async function becomesActive(engine: Engine, TableName: string): Promise<void> {
  for (;;) {
    const { Table } = await ask<{ Table: { TableStatus: string } }>(engine, 'DescribeTable', { TableName });
    if (Table.TableStatus === 'ACTIVE') return;
    await wait(1);
  }
}
