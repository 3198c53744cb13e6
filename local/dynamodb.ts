import { CreateTableCommand, type CreateTableCommandInput, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import { closeServer, listenOnLoopback } from './loopback.ts';
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
  const endpoint = `http://127.0.0.1:${await listenOnLoopback(server)}`;
  const client = new DynamoDBClient({
    endpoint,
    region: stack.region,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const tables: Record<string, string> = {};
  try {
    for (const { logicalId, ref, properties } of stack.ofType('AWS::DynamoDB::Table')) {
      tables[logicalId] = ref;
      // CloudFormation and the API use the same words for these.
      const shape = Object.fromEntries(tableShape.map((name) => [name, properties.value(name)]));
      const input = { TableName: ref, ...shape } as CreateTableCommandInput;
      await client.send(new CreateTableCommand(input)).catch((error: Error) => {
        throw new Error(`${logicalId}: the table could not be created: ${error.message}`);
      });
    }
  } catch (error) {
    await closeServer(server);
    throw error;
  } finally {
    client.destroy();
  }
  return { endpoint, tables, close: () => closeServer(server) };
}

const tableShape = [
  'AttributeDefinitions',
  'KeySchema',
  'BillingMode',
  'ProvisionedThroughput',
  'GlobalSecondaryIndexes',
  'LocalSecondaryIndexes',
];
