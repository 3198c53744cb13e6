import { asInput, type Input } from './dynamodb-input.ts';

/**
 * `dynamodb:LeadingKeys`: the partition keys of the items that a call names. A scan names none.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
 */
export function leadingKeys(
  operation: string,
  input: Input,
  partitionKey: string | undefined,
): readonly string[] | undefined {
  if (partitionKey === undefined) return undefined;
  if (operation === 'Query') return queriedKeys(input, partitionKey);
  const keys = items(input).flatMap((item) => scalar(item[partitionKey]));
  return keys.length > 0 ? keys : undefined;
}

/** The items and keys of a call; those of a batch stand under `Items`. */
function items({ Key, Item, Items }: Input): readonly Input[] {
  const { Keys } = asInput(Items);
  const batch = Array.isArray(Items) ? Items.map(asInput) : [];
  const written = batch.flatMap(({ PutRequest, DeleteRequest }) => [
    asInput(PutRequest).Item,
    asInput(DeleteRequest).Key,
  ]);
  const all: readonly unknown[] = [Key, Item, ...(Array.isArray(Keys) ? Keys : []), ...written];
  return all.filter((item) => item !== undefined).map(asInput);
}

function queriedKeys(input: Input, partitionKey: string): readonly string[] | undefined {
  const { AttributeValueList } = asInput(asInput(input.KeyConditions)[partitionKey]);
  if (Array.isArray(AttributeValueList)) return AttributeValueList.flatMap(scalar);

  const names = asInput(input.ExpressionAttributeNames);
  const values = asInput(input.ExpressionAttributeValues);
  const equalities = String(input.KeyConditionExpression ?? '').matchAll(/([#:]?\w+)\s*=\s*([#:]?\w+)/g);
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

/** `dynamodb:Attributes`: the top-level attributes that a call names; undefined when it names none. */
export function attributesOf(input: Input): readonly string[] | undefined {
  const { Items } = input;
  const parts = Array.isArray(Items) || Items === undefined ? [input] : [input, asInput(Items)];
  const found = new Set<string>(items(input).flatMap((item) => Object.keys(item)));
  for (const part of parts) {
    for (const property of byName) for (const name of Object.keys(asInput(part[property]))) found.add(name);
    if (Array.isArray(part.AttributesToGet)) for (const name of part.AttributesToGet) found.add(String(name));
    const aliases = asInput(part.ExpressionAttributeNames);
    for (const property of expressions) {
      for (const name of namesIn(String(part[property] ?? ''))) found.add(String(aliases[name] ?? name));
    }
  }
  return found.size > 0 ? [...found] : undefined;
}

/** Names and aliases; neither keywords, functions and values nor what is inside an attribute. */
function namesIn(expression: string): readonly string[] {
  const names = expression.match(/(?<![\w.:#])#?[A-Za-z_]\w*\b(?!\s*\()/g) ?? [];
  return names.filter((name) => !words.includes(name.toUpperCase()));
}
