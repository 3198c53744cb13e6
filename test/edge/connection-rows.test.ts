import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ConnectionRegistry } from '../../functions/core/connection-registry.ts';
import { createConnectionRows } from '../../functions/edge/connection-rows.ts';
import { ManualClock } from '../fakes/clock.ts';
import { answerJson, WebServer } from '../fakes/web-server.ts';

let dynamoDb: WebServer;
beforeAll(async () => {
  dynamoDb = await WebServer.start();
});
afterAll(() => dynamoDb.close());

/** What is asked of DynamoDB while `work` runs; the first question is answered with `firstAnswer`, the rest with nothing. */
async function questionsOf(work: (rows: ConnectionRegistry) => Promise<void>, firstAnswer: object = {}) {
  const questions: { readonly operation: string; readonly input: Record<string, unknown> }[] = [];
  dynamoDb.mood = (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const operation = String(request.headers['x-amz-target']).replace('DynamoDB_20120810.', '');
      questions.push({ operation, input: JSON.parse(Buffer.concat(chunks).toString()) });
      answerJson(questions.length === 1 ? firstAnswer : {})(request, response);
    });
  };
  const client = new DynamoDBClient({ endpoint: dynamoDb.url().href, maxAttempts: 1 });
  await work(createConnectionRows('connections', client, new ManualClock()));
  client.destroy();
  return questions;
}

const connection = { principalId: 'user:1', connectionId: 'a' };

it('takes one write for a connection that comes, one for one that goes, and reads nothing for either', async () => {
  const coming = await questionsOf((rows) => rows.add({ ...connection, sessionHash: 'f00d', connectedAt: 0 }));
  const going = await questionsOf((rows) => rows.leave(connection));
  expect(coming.map(({ operation }) => operation)).toEqual(['PutItem']);
  expect(going.map(({ operation }) => operation)).toEqual(['DeleteItem']);
});

it('asks about one connection with a consistent read', async () => {
  const [question] = await questionsOf(async (rows) => {
    await rows.holds(connection);
  });
  expect(question).toMatchObject({ operation: 'GetItem', input: { ConsistentRead: true } });
});

// DynamoDB's default may not show a row that was written a moment ago. The tick that a connect starts looks at once; it would
// find nobody and leave the newcomer to the next minute. The local DynamoDB is always consistent, so only the request tells.
it('reads everyone with consistent reads, page after page', async () => {
  const lastKey = { principalId: { S: 'user:1' }, connectionId: { S: 'a' } };
  const questions = await questionsOf(
    async (rows) => {
      for await (const _ of rows.everyone());
    },
    { LastEvaluatedKey: lastKey },
  );
  expect(questions.map(({ input }) => input)).toEqual([
    expect.objectContaining({ ConsistentRead: true }),
    expect.objectContaining({ ConsistentRead: true, ExclusiveStartKey: lastKey }),
  ]);
});
