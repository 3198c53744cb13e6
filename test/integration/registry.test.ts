import type { AddressInfo } from 'node:net';
import {
  CreateTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  type KeySchemaElement,
} from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import { afterAll, beforeAll, expect } from 'vitest';
import { createClaimRows } from '../../functions/edge/claim-rows.ts';
import { createConnectionRows } from '../../functions/edge/connection-rows.ts';
import { claimsTable, connectionsTable } from '../../functions/edge/tables.ts';
import { describeClaims } from '../contract/claims.ts';
import { describeConnectionRegistry } from '../contract/connection-registry.ts';

const server = dynalite({ createTableMs: 0, deleteTableMs: 0 });
let client: DynamoDBClient;

beforeAll(async () => {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  client = new DynamoDBClient({ endpoint: `http://127.0.0.1:${port}`, region: 'eu-central-1', credentials });
});

afterAll(async () => {
  client.destroy();
  await new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  });
});

let tables = 0;

async function createTable(keys: { readonly partitionKey: string; readonly sortKey?: string }): Promise<string> {
  tables += 1;
  const TableName = `table-${tables}`;
  const KeySchema: KeySchemaElement[] = [{ AttributeName: keys.partitionKey, KeyType: 'HASH' }];
  if (keys.sortKey !== undefined) KeySchema.push({ AttributeName: keys.sortKey, KeyType: 'RANGE' });
  const AttributeDefinitions = KeySchema.map(({ AttributeName }) => ({ AttributeName, AttributeType: 'S' as const }));
  await client.send(
    new CreateTableCommand({ TableName, KeySchema, AttributeDefinitions, BillingMode: 'PAY_PER_REQUEST' }),
  );
  // As in AWS, a new table is not there at once.
  const status = async () => (await client.send(new DescribeTableCommand({ TableName }))).Table?.TableStatus;
  await expect.poll(status, { interval: 2 }).toBe('ACTIVE');
  return TableName;
}

describeConnectionRegistry('rows of DynamoDB', async (clock) =>
  createConnectionRows(await createTable(connectionsTable), client, clock),
);

describeClaims('rows of DynamoDB', async (clock) => createClaimRows(await createTable(claimsTable), client, clock));
