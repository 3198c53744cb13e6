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

/** One attribute, or none where there is no value. */
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

/** The value in these two conditions. */
export function now(clock: Clock): Row {
  return { ':now': number(epochSeconds(clock)) };
}

export function isThere(row: Row | undefined, clock: Clock): row is Row {
  return row !== undefined && Number(row[ttl]?.N) > epochSeconds(clock);
}

export const conditionFailed = 'condition failed';

/** What a write answers, or that its condition was not met: that is an outcome, and whatever else goes wrong a fault. */
export async function orConditionFailed<Output>(write: Promise<Output>): Promise<Output | typeof conditionFailed> {
  try {
    return await write;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return conditionFailed;
    throw error;
  }
}

/** The attributes that `ReturnValues` asks for, or that the condition was not met. */
export async function updateRow(
  client: DynamoDBClient,
  change: UpdateItemCommandInput,
): Promise<Row | undefined | typeof conditionFailed> {
  const outcome = await orConditionFailed(client.send(new UpdateItemCommand(change)));
  return outcome === conditionFailed ? outcome : outcome.Attributes;
}

/** By what was written last. */
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

/** Of one transaction and of one read: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html */
export const batchLimit = 100;

/** A key that was not read for want of capacity, or because an answer has 16 MB at most, is asked for again. */
const mostReads = 4;

/**
 * The rows with these keys, `batchLimit` at most, by what was written last.
 * @returns undefined where they could not all be read
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
