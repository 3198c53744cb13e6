import type { StackResource } from '../template/stack.ts';
import { attributesOf, leadingKeys } from './dynamodb-context.ts';
import { asInput, type Input } from './dynamodb-input.ts';
import type { Need } from './gate.ts';
import { arn, type Place } from './needs.ts';

export type DynamoDbNeeds = (operation: string, input: unknown) => readonly Need[];

// docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html
const onOneTable = [
  'GetItem',
  'PutItem',
  'UpdateItem',
  'DeleteItem',
  'DescribeTable',
  'CreateTable',
  'UpdateTable',
  'DeleteTable',
  'DescribeTimeToLive',
  'UpdateTimeToLive',
  'DescribeContinuousBackups',
];
const onTableOrIndex = ['Query', 'Scan'];
const onManyTables = ['BatchGetItem', 'BatchWriteItem'];
const onResource = ['TagResource', 'UntagResource', 'ListTagsOfResource'];

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html */
const inTransactions: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  TransactWriteItems: {
    Put: 'PutItem',
    Update: 'UpdateItem',
    Delete: 'DeleteItem',
    ConditionCheck: 'ConditionCheckItem',
  },
  TransactGetItems: { Get: 'GetItem' },
};

/**
 * A call that names no table, or none that is text, takes nothing: DynamoDB refuses it before it touches anything.
 * @param tables those of the stack
 */
export function createDynamoDbNeeds(tables: readonly StackResource[], place: Place): DynamoDbNeeds {
  const partitionKeys = readPartitionKeys(tables);

  function onTable(operation: string, input: Input, enclosing?: string): readonly Need[] {
    const { TableName, IndexName } = input;
    if (typeof TableName !== 'string') return [];
    const table = tableArn(TableName, place);
    const index = typeof IndexName === 'string' && onTableOrIndex.includes(operation) ? `/index/${IndexName}` : '';
    return [need(operation, table + index, input, enclosing)];
  }

  function need(operation: string, resource: string, input: Input, enclosing?: string): Need {
    return {
      action: `dynamodb:${operation}`,
      resource,
      get context() {
        return {
          ...texts({
            'dynamodb:EnclosingOperation': enclosing,
            'dynamodb:ReturnConsumedCapacity': input.ReturnConsumedCapacity,
            'dynamodb:ReturnValues': input.ReturnValues,
            'dynamodb:Select': input.Select,
          }),
          ...lists({
            'dynamodb:LeadingKeys': leadingKeys(operation, input, partitionKeys.get(resource)),
            'dynamodb:Attributes': attributesOf(input),
          }),
        };
      },
    };
  }

  return (operation, given) => {
    const input = asInput(given);
    if (onOneTable.includes(operation) || onTableOrIndex.includes(operation)) return onTable(operation, input);
    if (onManyTables.includes(operation)) {
      return Object.entries(asInput(input.RequestItems)).map(([name, items]) =>
        need(operation, tableArn(name, place), { Items: items }),
      );
    }
    const actions = Object.hasOwn(inTransactions, operation) ? inTransactions[operation] : undefined;
    if (actions !== undefined) {
      const elements: readonly unknown[] = Array.isArray(input.TransactItems) ? input.TransactItems : [];
      return elements.flatMap((element) =>
        Object.entries(asInput(element)).flatMap(([kind, item]) => {
          const action = Object.hasOwn(actions, kind) ? actions[kind] : undefined;
          return action === undefined ? [] : onTable(action, asInput(item), operation);
        }),
      );
    }
    if (onResource.includes(operation)) {
      const { ResourceArn } = input;
      return typeof ResourceArn === 'string' ? [{ action: `dynamodb:${operation}`, resource: ResourceArn }] : [];
    }
    // ListTables and its like; and PartiQL, streams, backups: what those are about is not read, so they take a `*`.
    return [{ action: `dynamodb:${operation}`, resource: '*' }];
  };
}

/** By the ARN of the table or index. */
function readPartitionKeys(tables: readonly StackResource[]): ReadonlyMap<string, string> {
  const keys = new Map<string, string>();
  for (const { properties, attribute } of tables) {
    const table = attribute('Arn');
    keys.set(table, hashKey(properties.value('KeySchema')));
    for (const property of ['GlobalSecondaryIndexes', 'LocalSecondaryIndexes']) {
      for (const index of (properties.value(property) ?? []) as readonly Input[]) {
        keys.set(`${table}/index/${String(index.IndexName)}`, hashKey(index.KeySchema));
      }
    }
  }
  return keys;
}

function hashKey(schema: unknown): string {
  const elements = (schema ?? []) as readonly Input[];
  return String(elements.find(({ KeyType }) => KeyType === 'HASH')?.AttributeName);
}

/** A table may be named by its ARN. */
function tableArn(nameOrArn: string, place: Place): string {
  return nameOrArn.startsWith('arn:') ? nameOrArn : arn('dynamodb', place, `table/${nameOrArn}`);
}

function texts(values: Input): Record<string, string> {
  const given = Object.entries(values).filter(([, value]) => typeof value === 'string');
  return Object.fromEntries(given) as Record<string, string>;
}

function lists(values: Readonly<Record<string, readonly string[] | undefined>>): Record<string, readonly string[]> {
  const given = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as Record<string, readonly string[]>;
}
