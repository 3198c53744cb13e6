import { request } from 'node:http';
import { expect, it } from 'vitest';
import { type LocalDynamoDb, startDynamoDb } from '../../local/dynamodb/server.ts';
import { resolveStack } from '../../local/template/stack.ts';

function startWithTable(): Promise<LocalDynamoDb> {
  const Table = {
    Type: 'AWS::DynamoDB::Table',
    Properties: {
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      BillingMode: 'PAY_PER_REQUEST',
    },
  };
  const assembly = { stackName: 'Chat', template: { Resources: { Table } }, assetFolder: () => undefined };
  return startDynamoDb(resolveStack(assembly, 'us-east-1'));
}

/** @returns the status, or what broke the request off */
function put({ endpoint, tables }: LocalDynamoDb, pk: string): Promise<number | string | undefined> {
  const headers = {
    'Content-Type': 'application/x-amz-json-1.0',
    'X-Amz-Target': 'DynamoDB_20120810.PutItem',
    'X-Amz-Date': '20261123T000000Z',
    Authorization:
      'AWS4-HMAC-SHA256 Credential=local/20261123/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=local',
  };
  return new Promise((resolve) => {
    const outgoing = request(endpoint, { method: 'POST', headers, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    outgoing.on('error', (error: NodeJS.ErrnoException) => resolve(error.code));
    outgoing.end(JSON.stringify({ TableName: tables.Table, Item: { pk: { S: pk } } }));
  });
}

// dynalite's own close ended its store as well. A write under way then threw in a callback of the store, which nobody can
// catch, and with it went the process that had only closed its local cloud.
it('the database may be closed while writes are under way', async () => {
  for (let round = 0; round < 5; round += 1) {
    const dynamodb = await startWithTable();
    const first = put(dynamodb, 'first');
    const writes = Array.from({ length: 50 }, (_, index) => put(dynamodb, String(index)));
    expect(await first).toBe(200);
    await dynamodb.close();
    for (const outcome of await Promise.all(writes)) expect([200, 'ECONNRESET', 'ECONNREFUSED']).toContain(outcome);
  }
});
