import {
  type AttributeValue,
  BatchGetItemCommand,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  paginateQuery,
  paginateScan,
  type QueryCommandInput,
  type ScanCommandInput,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import type { Clock } from '../../core/clock.ts';
import { ttl } from './tables.ts';

/** A row of DynamoDB. AWS's own marshall and unmarshall (@aws-sdk/util-dynamodb) would add 5 KB to each bundle. */
export type Row = Record<string, AttributeValue>;

export function number(value: number): AttributeValue {
  return { N: String(value) };
}

/** One attribute, or none without a value. */
export function optional(name: string, value: string | number | undefined): Row {
  if (value === undefined) return {};
  return { [name]: typeof value === 'string' ? { S: value } : number(value) };
}

export function readNumber(value: AttributeValue | undefined): number | undefined {
  return value?.N === undefined ? undefined : Number(value.N);
}

export function epochSeconds(clock: Clock): number {
  return Math.floor(clock.now() / 1000);
}

// TTL may delete days late (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ttl-expired-items.html).
export const notExpired = `${ttl} > :now`;
export const hasExpired = `${ttl} <= :now`;

/** The value for these two conditions. */
export function now(clock: Clock): Row {
  return { ':now': number(epochSeconds(clock)) };
}

export function isThere(row: Row | undefined, clock: Clock): row is Row {
  return row !== undefined && Number(row[ttl]?.N) > epochSeconds(clock);
}

export const conditionFailed = 'condition failed';

/**
 * Returns `conditionFailed` if the write's condition was not met, because that is an expected outcome. Rethrows other
 * errors.
 */
export async function orConditionFailed<Output>(write: Promise<Output>): Promise<Output | typeof conditionFailed> {
  try {
    return await write;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return conditionFailed;
    throw error;
  }
}

/** Returns the attributes that `ReturnValues` asks for, or `conditionFailed`. */
export async function updateRow(
  client: DynamoDBClient,
  change: UpdateItemCommandInput,
): Promise<Row | undefined | typeof conditionFailed> {
  const outcome = await orConditionFailed(client.send(new UpdateItemCommand(change)));
  return outcome === conditionFailed ? outcome : outcome.Attributes;
}

/** Reads one row, consistently. */
export async function findRow(
  client: DynamoDBClient,
  TableName: string,
  Key: Row,
  ProjectionExpression?: string,
): Promise<Row | undefined> {
  const read = new GetItemCommand({ TableName, Key, ConsistentRead: true, ProjectionExpression });
  return (await client.send(read)).Item;
}

/** Page by page, of which some may be empty. */
export async function* queryRows<Item>(client: DynamoDBClient, query: QueryCommandInput, read: (row: Row) => Item) {
  for await (const { Items = [] } of paginateQuery({ client }, query)) yield Items.map(read);
}

/** Page by page, of which some may be empty. */
export async function* scanRows<Item>(client: DynamoDBClient, scan: ScanCommandInput, read: (row: Row) => Item) {
  for await (const { Items = [] } of paginateScan({ client }, scan)) yield Items.map(read);
}

/**
 * Rows in one transaction or one batch read:
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html
 */
export const batchLimit = 100;

/** DynamoDB may leave out keys, because it is throttled or the answer exceeds 16 MB. These are read again. */
const mostReads = 4;

/**
 * Reads the rows with these keys, at most `batchLimit`, consistently.
 * @returns undefined if some could not be read
 */
export async function readBatch(
  client: DynamoDBClient,
  table: string,
  keys: readonly Row[],
  ProjectionExpression: string,
): Promise<readonly Row[] | undefined> {
  const rows: Row[] = [];
  let Keys = [...keys];
  for (let reads = 1; Keys.length > 0 && reads <= mostReads; reads += 1) {
    const RequestItems = { [table]: { Keys, ConsistentRead: true, ProjectionExpression } };
    const { Responses, UnprocessedKeys } = await client.send(new BatchGetItemCommand({ RequestItems }));
    rows.push(...(Responses?.[table] ?? []));
    Keys = UnprocessedKeys?.[table]?.Keys ?? [];
  }
  return Keys.length === 0 ? rows : undefined;
}
