import { request, Server } from 'node:http';
import dynalite from 'dynalite';
import { readBody } from './lambda/runtime-api.ts';
import { closeServer, listenOnLoopback } from './loopback.ts';
import { tableShape } from './template/known-properties.ts';
import type { Stack } from './template/stack.ts';

export interface LocalDynamoDb {
  readonly endpoint: string;
  /** Physical names by logical id. */
  readonly tables: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/**
 * DynamoDB in memory, with the tables of the template. Items are never deleted by their TTL here; in AWS they may stay
 * for days as well: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ttl-expired-items.html
 */
export async function startDynamoDb(stack: Stack): Promise<LocalDynamoDb> {
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  // dynalite's own close also ends its store, and a write still under way then throws where nobody can catch it. The store
  // is memory: it goes when nobody holds it.
  server.close = Server.prototype.close;
  const port = await listenOnLoopback(server);
  const tables: Record<string, string> = {};
  try {
    for (const { logicalId, ref, properties } of stack.ofType('AWS::DynamoDB::Table')) {
      tables[logicalId] = ref;
      const shape = Object.fromEntries(tableShape.map((name) => [name, properties.value(name)]));
      await createTable(port, { TableName: ref, ...shape }).catch((error: Error) => {
        throw new Error(`${logicalId}: the table could not be created: ${error.message}`);
      });
    }
  } catch (error) {
    await closeServer(server);
    throw error;
  }
  return { endpoint: `http://127.0.0.1:${port}`, tables, close: () => closeServer(server) };
}

/** By hand, because loading the SDK's client takes longer than all the rest of the start. */
function createTable(port: number, input: object): Promise<void> {
  const headers = {
    'Content-Type': 'application/x-amz-json-1.0',
    'X-Amz-Target': 'DynamoDB_20120810.CreateTable',
    'X-Amz-Date': '20261123T000000Z',
    Authorization:
      'AWS4-HMAC-SHA256 Credential=local/20261123/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=local',
  };
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, method: 'POST', headers, agent: false }, async (response) => {
      const body = await readBody(response).catch(() => '');
      if (response.statusCode === 200) resolve();
      else reject(new Error(body));
    });
    outgoing.on('error', reject);
    outgoing.end(JSON.stringify(input));
  });
}
