import type { Table } from 'dynalite/store';
import type { Dynalite, Prepared } from './dynalite.ts';
import { errorType, invalid, type Outcome } from './engine.ts';

/** An operation whose input is valid, as far as it can be checked without a table. */
export interface PreparedOperation {
  readonly operation: string;
  readonly data: Prepared;
  /** ReturnValuesOnConditionCheckFailure */
  readonly returnsItemOnFailure: boolean;
}

/** dynalite's operations on items, with the features that dynalite lacks. */
export interface ItemOperations {
  prepare(
    operation: string,
    input: Record<string, unknown>,
  ): { readonly ready: PreparedOperation } | { readonly refusal: Outcome };
  /** Whether the operation takes several steps, so nothing else may run at the same time. */
  needsExclusiveLock(ready: PreparedOperation): Promise<boolean>;
  run(ready: PreparedOperation): Promise<Outcome>;
  /** The error that rejects a whole transaction before it starts. */
  refuse(ready: PreparedOperation): Promise<Outcome | undefined>;
  /** Call this after a table was created, changed or deleted. */
  forget(table: unknown): void;
}

const writes = new Set(['PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem']);

interface IndexKey {
  readonly index: string;
  readonly attribute: string;
}

type Item = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

export function createItemOperations(dynalite: Dynalite): ItemOperations {
  const known = new Map<string, readonly IndexKey[]>();

  async function indexKeysOf(name: unknown): Promise<readonly IndexKey[]> {
    if (typeof name !== 'string') return [];
    const found = known.get(name);
    if (found !== undefined) return found;
    const table = await dynalite.table(name);
    if (table === undefined) return [];
    const keys = readIndexKeys(table);
    known.set(name, keys);
    return keys;
  }

  async function changesIndexKey({ data }: PreparedOperation): Promise<boolean> {
    const keys = await indexKeysOf(data['TableName']);
    return keys.length > 0 && changedAttributes(data).some((each) => keys.some(({ attribute }) => attribute === each));
  }

  async function refuseEmptyIndexKeys({ operation, data }: PreparedOperation): Promise<Outcome | undefined> {
    if (operation === 'PutItem') return refuseEmpty(await indexKeysOf(data['TableName']), data['Item'] as Item);
    if (operation !== 'BatchWriteItem') return undefined;
    for (const [table, requests] of Object.entries(data['RequestItems'] as Record<string, BatchedWrite[]>)) {
      const keys = await indexKeysOf(table);
      for (const { PutRequest } of requests) {
        const refusal = PutRequest && refuseEmpty(keys, PutRequest.Item);
        if (refusal !== undefined) return refusal;
      }
    }
    return undefined;
  }

  /** The new key is known only after the update: `SET a = b` may copy an empty string into it. */
  async function updateIndexKey({ operation, data }: PreparedOperation): Promise<Outcome> {
    const table = await dynalite.table(String(data['TableName']));
    if (table === undefined || dynalite.refuseKey(table, data['Key'])) return dynalite.run(operation, data);
    const key = { ...(data['Key'] as object) };
    const before = await dynalite.item(table, key);
    const outcome = await dynalite.run(operation, data);
    if (outcome.status !== 200) return outcome;
    const refusal = refuseEmpty(await indexKeysOf(data['TableName']), (await dynalite.item(table, key)) as Item);
    if (refusal === undefined) return outcome;
    await dynalite.restore(table, key, before);
    return refusal;
  }

  async function withItem(outcome: Outcome, { data }: PreparedOperation): Promise<Outcome> {
    const table = await dynalite.table(String(data['TableName']));
    const Item = table && (await dynalite.item(table, data['Key'] ?? data['Item']));
    return Item === undefined ? outcome : { ...outcome, output: { ...outcome.output, Item } };
  }

  return {
    prepare(operation, input) {
      const wanted = input['ReturnValuesOnConditionCheckFailure'] ?? 'NONE';
      const prepared = dynalite.prepare(operation, input);
      if ('refusal' in prepared) return prepared;
      if (wanted !== 'ALL_OLD' && wanted !== 'NONE') {
        return { refusal: invalid('ReturnValuesOnConditionCheckFailure can only be ALL_OLD or NONE') };
      }
      const refusal = refuseComparison(prepared.data['Expected'] as Expected | undefined);
      if (refusal !== undefined) return { refusal };
      return { ready: { operation, data: prepared.data, returnsItemOnFailure: wanted === 'ALL_OLD' } };
    },
    async needsExclusiveLock(ready) {
      return ready.returnsItemOnFailure || (ready.operation === 'UpdateItem' && (await changesIndexKey(ready)));
    },
    async run(ready) {
      if (!writes.has(ready.operation)) return dynalite.run(ready.operation, ready.data);
      const refusal = await refuseEmptyIndexKeys(ready);
      if (refusal !== undefined) return refusal;
      const isIndexKey = ready.operation === 'UpdateItem' && (await changesIndexKey(ready));
      const outcome = isIndexKey ? await updateIndexKey(ready) : await dynalite.run(ready.operation, ready.data);
      const isShown = ready.returnsItemOnFailure && errorType(outcome) === 'ConditionalCheckFailedException';
      return isShown ? withItem(outcome, ready) : omitEmptyAttributes(outcome);
    },
    refuse: refuseEmptyIndexKeys,
    forget(table) {
      if (typeof table === 'string') known.delete(table);
    },
  };
}

type Expected = Readonly<
  Record<string, { readonly ComparisonOperator?: string; readonly AttributeValueList?: object[] }>
>;

/**
 * The types that each operator accepts; EQ and NE accept all. CONTAINS also accepts BOOL and NULL, as DynamoDB Local does.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/LegacyConditionalParameters.Expected.html
 */
const comparableTypes = new Map<string, readonly string[]>([
  ...['LE', 'LT', 'GE', 'GT', 'IN', 'BETWEEN'].map((operator) => [operator, ['S', 'N', 'B']] as const),
  ...['CONTAINS', 'NOT_CONTAINS'].map((operator) => [operator, ['S', 'N', 'B', 'BOOL', 'NULL']] as const),
  ['BEGINS_WITH', ['S', 'B']],
]);

/** dynalite checks this for filters only. In `Expected` its comparison of other types throws. */
function refuseComparison(expected: Expected = {}): Outcome | undefined {
  for (const { ComparisonOperator: operator = '', AttributeValueList: values = [] } of Object.values(expected)) {
    const types = comparableTypes.get(operator);
    const [type = ''] = values.flatMap((value) => Object.keys(value)).filter((each) => !types?.includes(each));
    if (types === undefined || type === '') continue;
    return invalid(
      `One or more parameter values were invalid: ComparisonOperator ${operator} is not valid for ${type} AttributeValue type`,
    );
  }
  return undefined;
}

interface BatchedWrite {
  readonly PutRequest?: { readonly Item: Item };
}

/** An update that returns the old values of new attributes has no Attributes; dynalite returns `{}`. */
function omitEmptyAttributes(outcome: Outcome): Outcome {
  const { Attributes, ...more } = outcome.output as { readonly Attributes?: object };
  const isNothing = Attributes !== undefined && Object.keys(Attributes).length === 0;
  return isNothing ? { ...outcome, output: more } : outcome;
}

function readIndexKeys({ GlobalSecondaryIndexes = [], LocalSecondaryIndexes = [] }: Table): readonly IndexKey[] {
  return [...GlobalSecondaryIndexes, ...LocalSecondaryIndexes].flatMap(({ IndexName, KeySchema }) =>
    KeySchema.map(({ AttributeName }) => ({ index: IndexName, attribute: AttributeName })),
  );
}

function changedAttributes({ _updates, AttributeUpdates }: Prepared): readonly unknown[] {
  const { sections = [] } = (_updates ?? {}) as { readonly sections?: readonly { readonly path: unknown[] }[] };
  return [...sections.map(({ path }) => path[0]), ...Object.keys(AttributeUpdates ?? {})];
}

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html */
function refuseEmpty(keys: readonly IndexKey[], item: Item | undefined): Outcome | undefined {
  for (const { index, attribute } of keys) {
    const value = item?.[attribute];
    if (value?.['S'] !== '' && value?.['B'] !== '') continue;
    return invalid(
      'One or more parameter values are not valid. A value specified for a secondary index key is not supported. ' +
        'The AttributeValue for a key attribute cannot contain an empty string value. ' +
        `IndexName: ${index}, IndexKey: ${attribute}`,
    );
  }
  return undefined;
}
