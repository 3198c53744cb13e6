import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ConnectionRegistry } from '../../../functions/core/connections/connection-registry.ts';
import type { Revocations } from '../../../functions/core/connections/revocations.ts';
import { createConnectionRows } from '../../../functions/edge/dynamodb/connection-rows.ts';
import { createRevocationRows } from '../../../functions/edge/dynamodb/revocation-rows.ts';
import { ManualClock } from '../../fakes/clock.ts';
import { answerJson, WebServer } from '../../fakes/web-server.ts';

let dynamoDb: WebServer;
beforeAll(async () => {
  dynamoDb = await WebServer.start();
});
afterAll(() => dynamoDb.close());

/** The requests to DynamoDB while `work` runs. The first one gets `firstAnswer`, all others `laterAnswer`. */
async function questionsOf(
  work: (rows: ConnectionRegistry, revocations: Revocations) => Promise<void>,
  firstAnswer: object = {},
  laterAnswer: object = {},
) {
  const questions: { readonly operation: string; readonly input: Record<string, unknown> }[] = [];
  dynamoDb.mood = (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const operation = String(request.headers['x-amz-target']).replace('DynamoDB_20120810.', '');
      questions.push({ operation, input: JSON.parse(Buffer.concat(chunks).toString()) });
      answerJson(questions.length === 1 ? firstAnswer : laterAnswer)(request, response);
    });
  };
  const client = new DynamoDBClient({ endpoint: dynamoDb.url().href, maxAttempts: 1 });
  const clock = new ManualClock();
  await work(
    createConnectionRows({ connections: 'connections', owners: 'owners' }, client, clock),
    createRevocationRows('revocations', client, clock),
  );
  client.destroy();
  return questions;
}

const connection = { principalId: 'user:1', connectionId: 'a' };

it.each([
  ['of a user', connection, ['connections', 'owners']],
  ['of a session without a user', { principalId: 'session:f00d', connectionId: 'a' }, ['connections']],
])('opens and closes a connection %s with one write for each table, and no read', async (_, connection, tables) => {
  const coming = await questionsOf((rows) => rows.add({ ...connection, sessionHash: 'f00d', connectedAt: 0 }));
  const going = await questionsOf(
    async (rows) => {
      await rows.leave(connection);
    },
    { Attributes: { sessionHash: { S: 'f00d' } } },
  );
  const writes = (operation: string) => tables.map((table) => `${operation} ${table}`);
  const made = (questions: typeof coming) =>
    questions.map(({ operation, input }) => `${operation} ${input['TableName']}`);
  expect(made(coming).sort()).toEqual(writes('PutItem'));
  expect(made(going)).toEqual(writes('DeleteItem'));
});

// Otherwise a throttled table would get requests without a pause for as long as the Lambda lives.
it('gives up reading revoked rows that the table does not return, so that each is revoked separately', async () => {
  const Keys = [{ principalId: { S: 'user:1' }, connectionId: { S: 'a' } }];
  const questions = await questionsOf(
    async (rows) => expect(await rows.revokeTogether([connection], 0, 'revoked')).toBeUndefined(),
    {},
    { UnprocessedKeys: { connections: { Keys } } },
  );
  expect(questions.length).toBeLessThan(10);
});

it('reads one connection consistently', async () => {
  const [question] = await questionsOf(async (rows) => {
    await rows.holds(connection);
  });
  expect(question).toMatchObject({ operation: 'GetItem', input: { ConsistentRead: true } });
});

// Otherwise two simultaneous connections might each miss the other, and exceed the limit.
it('counts a principal’s connections with one consistent query', async () => {
  const questions = await questionsOf(async (rows) => {
    for await (const _ of rows.openOf('user:1'));
  });
  expect(questions).toMatchObject([{ operation: 'Query', input: { ConsistentRead: true } }]);
});

// By default DynamoDB may miss a row that was written a moment ago. The tick that a connect starts reads at once. It
// would find nobody, and the new client would wait until the next minute. The local DynamoDB is always consistent, so
// only the request shows this.
it('reads all connections consistently, page after page', async () => {
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

// If a logout and a handshake run at the same time, one must see the rows of the other.
it('reads revocations and a principal’s connections consistently, page after page', async () => {
  const handshake = await questionsOf(async (_, revocations) => {
    await revocations.isRevokedSince(['user:1', 'session:f00d'], 0);
  });
  expect(handshake.map(({ operation, input }) => [operation, input['ConsistentRead']])).toEqual([
    ['GetItem', true],
    ['GetItem', true],
  ]);
  const lastKey = { principalId: { S: 'user:1' }, connectionId: { S: 'a' } };
  const logout = await questionsOf(
    async (rows) => {
      for await (const _ of rows.ofSession('f00d'));
      for await (const _ of rows.ofUser('1'));
    },
    { LastEvaluatedKey: lastKey },
  );
  const query = (TableName: string) => ({ operation: 'Query', input: { TableName, ConsistentRead: true } });
  expect(logout).toMatchObject([
    query('connections'),
    { operation: 'Query', input: { TableName: 'connections', ConsistentRead: true, ExclusiveStartKey: lastKey } },
    query('owners'),
    query('connections'),
    query('owners'),
  ]);
});
