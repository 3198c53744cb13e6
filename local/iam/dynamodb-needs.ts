import { arn, type Place } from '../template/physical-ids.ts';
import type { StackResource } from '../template/stack.ts';
import type { Need } from './needs.ts';

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
 * A call without a valid table name needs no permission, because DynamoDB rejects it first.
 * @param tables the tables of the stack
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
            'dynamodb:ReturnConsumedCapacity': input['ReturnConsumedCapacity'],
            'dynamodb:ReturnValues': input['ReturnValues'],
            'dynamodb:Select': input['Select'],
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
      return Object.entries(asInput(input['RequestItems'])).map(([name, items]) =>
        need(operation, tableArn(name, place), { Items: items }),
      );
    }
    const actions = Object.hasOwn(inTransactions, operation) ? inTransactions[operation] : undefined;
    if (actions !== undefined) {
      const elements: readonly unknown[] = Array.isArray(input['TransactItems']) ? input['TransactItems'] : [];
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
    // Operations like ListTables need `*`. So do PartiQL, streams and backups, because their resources are not parsed.
    return [{ action: `dynamodb:${operation}`, resource: '*' }];
  };
}

/** Keyed by the ARN of the table or index. */
function readPartitionKeys(tables: readonly StackResource[]): ReadonlyMap<string, string> {
  const keys = new Map<string, string>();
  for (const { properties, attribute } of tables) {
    const table = attribute('Arn');
    keys.set(table, hashKey(properties.value('KeySchema')));
    for (const property of ['GlobalSecondaryIndexes', 'LocalSecondaryIndexes']) {
      for (const index of (properties.value(property) ?? []) as readonly Input[]) {
        keys.set(`${table}/index/${String(index['IndexName'])}`, hashKey(index['KeySchema']));
      }
    }
  }
  return keys;
}

function hashKey(schema: unknown): string {
  const elements = (schema ?? []) as readonly Input[];
  return String(elements.find(({ KeyType }) => KeyType === 'HASH')?.['AttributeName']);
}

/** The parameter may be a name or an ARN. */
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

/**
 * `dynamodb:LeadingKeys`: the partition keys of the items in a call. A scan has none.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
 */
function leadingKeys(operation: string, input: Input, partitionKey: string | undefined): readonly string[] | undefined {
  if (partitionKey === undefined) return undefined;
  if (operation === 'Query') return queriedKeys(input, partitionKey);
  const keys = items(input).flatMap((item) => scalar(item[partitionKey]));
  return keys.length > 0 ? keys : undefined;
}

/** The items and keys of a call; a batch has them under `Items`. */
function items({ Key, Item, Items }: Input): readonly Input[] {
  const { Keys } = asInput(Items);
  const batch = Array.isArray(Items) ? Items.map(asInput) : [];
  const written = batch.flatMap(({ PutRequest, DeleteRequest }) => [
    asInput(PutRequest)['Item'],
    asInput(DeleteRequest)['Key'],
  ]);
  const all: readonly unknown[] = [Key, Item, ...(Array.isArray(Keys) ? Keys : []), ...written];
  return all.filter((item) => item !== undefined).map(asInput);
}

function queriedKeys(input: Input, partitionKey: string): readonly string[] | undefined {
  const { AttributeValueList } = asInput(asInput(input['KeyConditions'])[partitionKey]);
  if (Array.isArray(AttributeValueList)) return AttributeValueList.flatMap(scalar);

  const names = asInput(input['ExpressionAttributeNames']);
  const values = asInput(input['ExpressionAttributeValues']);
  const equalities = String(input['KeyConditionExpression'] ?? '').matchAll(/([#:]?\w+)\s*=\s*([#:]?\w+)/g);
  for (const [, left = '', right = ''] of equalities) {
    const [name, value] = left.startsWith(':') ? [right, left] : [left, right];
    if ((names[name] ?? name) === partitionKey) return scalar(values[value]);
  }
  return undefined;
}

/** Text, a number or bytes in base64, as DynamoDB writes them. */
function scalar(value: unknown): readonly string[] {
  const { S, N, B } = asInput(value);
  const given = S ?? N ?? B;
  return typeof given === 'string' ? [given] : [];
}

const byName = ['AttributeUpdates', 'Expected', 'KeyConditions', 'QueryFilter', 'ScanFilter'];
const expressions = [
  'ConditionExpression',
  'FilterExpression',
  'KeyConditionExpression',
  'ProjectionExpression',
  'UpdateExpression',
];
const words = ['SET', 'REMOVE', 'ADD', 'DELETE', 'AND', 'OR', 'NOT', 'BETWEEN', 'IN'];

/** `dynamodb:Attributes`: the top-level attributes in a call; undefined if there are none. */
function attributesOf(input: Input): readonly string[] | undefined {
  const { Items } = input;
  const parts = Array.isArray(Items) || Items === undefined ? [input] : [input, asInput(Items)];
  const found = new Set<string>(items(input).flatMap((item) => Object.keys(item)));
  for (const part of parts) {
    for (const property of byName) for (const name of Object.keys(asInput(part[property]))) found.add(name);
    if (Array.isArray(part['AttributesToGet'])) for (const name of part['AttributesToGet']) found.add(String(name));
    const aliases = asInput(part['ExpressionAttributeNames']);
    for (const property of expressions) {
      for (const name of namesIn(String(part[property] ?? ''))) found.add(String(aliases[name] ?? name));
    }
  }
  return found.size > 0 ? [...found] : undefined;
}

/** Names and aliases, without keywords, functions, values and nested attributes. */
function namesIn(expression: string): readonly string[] {
  const names = expression.match(/(?<![\w.:#])#?[A-Za-z_]\w*\b(?!\s*\()/g) ?? [];
  return names.filter((name) => !words.includes(name.toUpperCase()));
}

/** An operation's input. DynamoDB validates it later. */
type Input = Readonly<Record<string, unknown>>;

function asInput(value: unknown): Input {
  return typeof value === 'object' && value !== null ? (value as Input) : {};
}
