import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { claimsTable, subscriptionsTable } from '../functions/edge/dynamodb/tables.ts';
import { serve } from './serve.ts';
import { subscriberIds } from './subscriber-ids.ts';

/** In the variable DYNAMODB_MOCK, as JSON. */
export interface DynamoDbMockSettings {
  /** The number of subscribers of the only channel. */
  readonly subscribers: number;
}

export interface DynamoDbMock {
  readonly endpoint: string;
}

/** The requests since the last report. */
export interface DynamoDbReport {
  readonly calls: Readonly<Record<string, number>>;
  readonly readUnits: number;
  readonly writeUnits: number;
  /** The remaining subscribers. */
  readonly subscribers: number;
}

type Key = Readonly<Record<string, { readonly S: string }>>;

interface Request {
  readonly TableName: string;
  readonly Key: Key;
  readonly Item: Key;
  readonly ExpressionAttributeValues: Key;
  readonly ExclusiveStartKey?: Key;
  readonly Limit?: number;
  readonly ScanIndexForward?: boolean;
  readonly ConsistentRead?: boolean;
}

const { sortKey } = subscriptionsTable;
/** Each user has an id of 36 characters: a row takes 131 bytes, its attributes' names and values. */
const principalId = 'user:0196f9a4-7b1e-7c5d-9a57-1f3a6c2f9d10';
const rowBytes = 131;
/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html#limits-api */
const pageBytes = 1024 * 1024;

/**
 * The part of DynamoDB that a broadcast uses, in memory. A real engine would read 100,000 rows on the two cores of the
 * workers, and so dominate the measurement. Pages and units follow the documentation
 * (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html).
 */
function listen({ subscribers }: DynamoDbMockSettings): void {
  const ids = subscriberIds(subscribers).sort();
  const left = new Set<string>();
  const claims = new Set<string>();
  let seen = { calls: {} as Record<string, number>, readUnits: 0, writeUnits: 0 };
  const acts: Readonly<Record<string, (request: Request) => string>> = { Query, GetItem, PutItem, DeleteItem };

  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const action = String(request.headers['x-amz-target']).split('.')[1] ?? '';
    seen.calls[action] = (seen.calls[action] ?? 0) + 1;
    const answer = acts[action]?.(JSON.parse(Buffer.concat(chunks).toString()));
    response.writeHead(answer === undefined ? 400 : 200, { 'Content-Type': 'application/x-amz-json-1.0' });
    response.end(answer ?? '{"__type":"com.amazonaws.dynamodb.v20120810#ValidationException"}');
  });
  server.listen(0, '127.0.0.1', () => {
    const ready: DynamoDbMock = { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
    serve({ ready, answers: { report } });
  });

  function Query(request: Request): string {
    const first = firstBeyond(request.ExclusiveStartKey?.[sortKey]?.S ?? '');
    const upTo = request.ExpressionAttributeValues[':upTo']?.S;
    const end = upTo === undefined ? ids.length : firstBeyond(upTo);
    const most = Math.min(request.Limit ?? Number.POSITIVE_INFINITY, Math.floor(pageBytes / rowBytes));
    const rows =
      request.ScanIndexForward === false ? ids.slice(end - 1, end) : ids.slice(first, Math.min(first + most, end));
    seen.readUnits += Math.max(0.5, Math.ceil((rows.length * rowBytes) / 4096) / 2);
    const here = rows.filter((id) => !left.has(id));
    const Items = here.map((id) => `{"connectionId":{"S":"${id}"},"principalId":{"S":"${principalId}"}}`).join();
    const next = rows.length === most ? rows.at(-1) : undefined;
    const more =
      next === undefined ? '' : `,"LastEvaluatedKey":{"channel":{"S":"news"},"connectionId":{"S":"${next}"}}`;
    return `{"Count":${here.length},"Items":[${Items}]${more}}`;
  }

  function GetItem({ Key, ConsistentRead }: Request): string {
    seen.readUnits += ConsistentRead === true ? 1 : 0.5;
    const name = Key[claimsTable.partitionKey]?.S;
    return name !== undefined && claims.has(name) ? `{"Item":{"expiresAt":{"N":"99999999999"}}}` : '{}';
  }

  function PutItem({ Item }: Request): string {
    seen.writeUnits += 1;
    claims.add(Item[claimsTable.partitionKey]?.S ?? '');
    return '{}';
  }

  function DeleteItem({ TableName, Key }: Request): string {
    seen.writeUnits += 1;
    if (TableName === 'subscriptions') left.add(Key[sortKey]?.S ?? '');
    return TableName === 'connections' ? `{"Attributes":{"channels":{"SS":["news"]}}}` : '{}';
  }

  function report(): DynamoDbReport {
    const { calls, readUnits, writeUnits } = seen;
    seen = { calls: {}, readUnits: 0, writeUnits: 0 };
    return { calls, readUnits, writeUnits, subscribers: ids.length - left.size };
  }

  /** The index of the first id after this text. */
  function firstBeyond(text: string): number {
    let [low, high] = [0, ids.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((ids[middle] ?? '') > text) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

listen(JSON.parse(process.env['DYNAMODB_MOCK'] ?? '{}'));
