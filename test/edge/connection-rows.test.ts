import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createConnectionRows } from '../../functions/edge/connection-rows.ts';
import { ManualClock } from '../fakes/clock.ts';
import { answerJson, WebServer } from '../fakes/web-server.ts';

let dynamoDb: WebServer;
beforeAll(async () => {
  dynamoDb = await WebServer.start();
});
afterAll(() => dynamoDb.close());

// DynamoDB's default may not show a row that was written a moment ago. The tick that a connect starts looks at once; it would
// find nobody and leave the newcomer to the next minute. The local DynamoDB is always consistent, so only the request tells.
it('reads everyone with consistent reads, page after page', async () => {
  const bodies: string[] = [];
  dynamoDb.mood = (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      bodies.push(Buffer.concat(chunks).toString());
      const lastKey = { principalId: { S: 'user:1' }, connectionId: { S: 'a' } };
      answerJson(bodies.length === 1 ? { LastEvaluatedKey: lastKey } : { Items: [] })(request, response);
    });
  };
  const client = new DynamoDBClient({ endpoint: dynamoDb.url().href, maxAttempts: 1 });
  for await (const _ of createConnectionRows('connections', client, new ManualClock()).everyone());
  client.destroy();
  expect(bodies.map((body) => JSON.parse(body))).toEqual([
    expect.objectContaining({ ConsistentRead: true }),
    expect.objectContaining({ ConsistentRead: true, ExclusiveStartKey: expect.anything() }),
  ]);
});
