import {
  BatchGetItemCommand,
  type DynamoDBClient,
  TransactionCanceledException,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import type { Connection } from '../core/connections/connection.ts';
import type { RefusalReason } from '../core/refusal.ts';
import { keyOf, type Row, revocationOf, shown } from './connection-row.ts';

/** Of one transaction and of one read: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html */
const mostTogether = 100;

/** A key that was not read for want of capacity, or because an answer has 16 MB at most, is asked for again. */
const mostReads = 4;

/**
 * Marks rows as revoked in two requests for each hundred, where one update for each row takes most of a logout's time. A transaction
 * costs twice as much as its updates. It does not answer the rows, so they are read after it: a row that is marked joins no more channels.
 * @returns the rows that are there; undefined where one has left, is being written at the same time, or is not read
 */
export async function markTogether(
  table: string,
  client: DynamoDBClient,
  connections: readonly Connection[],
  revokedAt: number,
  why: RefusalReason,
): Promise<readonly Row[] | undefined> {
  const chunks: (readonly Connection[])[] = [];
  for (let start = 0; start < connections.length; start += mostTogether) {
    chunks.push(connections.slice(start, start + mostTogether));
  }
  const found = await Promise.all(chunks.map(markChunk));
  return found.every((rows) => rows !== undefined) ? found.flat() : undefined;

  async function markChunk(chunk: readonly Connection[]): Promise<readonly Row[] | undefined> {
    const TransactItems = chunk.map((connection) => ({
      Update: { TableName: table, Key: keyOf(connection), ...revocationOf(revokedAt, why) },
    }));
    try {
      await client.send(new TransactWriteItemsCommand({ TransactItems }));
    } catch (error) {
      if (error instanceof TransactionCanceledException) return undefined;
      throw error;
    }
    return readChunk(chunk);
  }

  async function readChunk(chunk: readonly Connection[]): Promise<readonly Row[] | undefined> {
    const rows: Row[] = [];
    let keys = chunk.map(keyOf);
    for (let reads = 1; keys.length > 0 && reads <= mostReads; reads += 1) {
      const { found, left } = await readOnce(keys);
      rows.push(...found);
      keys = left;
    }
    return keys.length === 0 ? rows : undefined;
  }

  async function readOnce(Keys: Row[]): Promise<{ readonly found: Row[]; readonly left: Row[] }> {
    const request = { Keys, ConsistentRead: true, ProjectionExpression: `${shown}, channels` };
    const read = new BatchGetItemCommand({ RequestItems: { [table]: request } });
    const { Responses, UnprocessedKeys } = await client.send(read);
    return { found: Responses?.[table] ?? [], left: UnprocessedKeys?.[table]?.Keys ?? [] };
  }
}
