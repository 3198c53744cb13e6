import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ConnectionRegistry } from '../../functions/core/connection-registry.ts';
import type { Revocations } from '../../functions/core/revocations.ts';
import { createConnectionRows } from '../../functions/edge/connection-rows.ts';
import { createRevocationRows } from '../../functions/edge/revocation-rows.ts';
import { ManualClock } from '../fakes/clock.ts';
import { answerJson, WebServer } from '../fakes/web-server.ts';

let dynamoDb: WebServer;
beforeAll(async () => {
  dynamoDb = await WebServer.start();
});
afterAll(() => dynamoDb.close());

/** What is asked of DynamoDB while `work` runs; the first question is answered with `firstAnswer`, the rest with nothing. */
async function questionsOf(
  work: (rows: ConnectionRegistry, revocations: Revocations) => Promise<void>,
  firstAnswer: object = {},
) {
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
  const clock = new ManualClock();
  await work(createConnectionRows('connections', client, clock), createRevocationRows('revocations', client, clock));
  client.destroy();
  return questions;
}

const connection = { principalId: 'user:1', connectionId: 'a' };

it('takes one write for a connection that comes, one for one that goes, and reads nothing for either', async () => {
  const coming = await questionsOf((rows) => rows.add({ ...connection, sessionHash: 'f00d', connectedAt: 0 }));
  const going = await questionsOf(async (rows) => {
    await rows.leave(connection);
  });
  expect(coming.map(({ operation }) => operation)).toEqual(['PutItem']);
  expect(going.map(({ operation }) => operation)).toEqual(['DeleteItem']);
});

it('asks about one connection with a consistent read', async () => {
  const [question] = await questionsOf(async (rows) => {
    await rows.holds(connection);
  });
  expect(question).toMatchObject({ operation: 'GetItem', input: { ConsistentRead: true } });
});

// Else two that come at once might each miss the other, and be one more than may be.
it('counts a principal in one question, with a consistent read', async () => {
  const questions = await questionsOf(async (rows) => {
    for await (const _ of rows.openOf('user:1'));
  });
  expect(questions).toMatchObject([{ operation: 'Query', input: { ConsistentRead: true } }]);
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

// Of a logout and a handshake at the same time one must see what the other has written.
it('looks for revocations and for a principal’s connections with consistent reads, page after page', async () => {
  const handshake = await questionsOf(async (_, revocations) => {
    await revocations.isRevokedSince(['user:1', 'session:f00d'], 0);
  });
  expect(handshake.map(({ operation, input }) => [operation, input.ConsistentRead])).toEqual([
    ['GetItem', true],
    ['GetItem', true],
  ]);
  const lastKey = { principalId: { S: 'user:1' }, connectionId: { S: 'a' } };
  const logout = await questionsOf(
    async (rows) => {
      for await (const _ of rows.of('user:1', 'f00d'));
    },
    { LastEvaluatedKey: lastKey },
  );
  expect(logout).toMatchObject([
    { operation: 'Query', input: { ConsistentRead: true } },
    { operation: 'Query', input: { ConsistentRead: true, ExclusiveStartKey: lastKey } },
  ]);
});
