import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Subscriptions } from '../../../functions/core/channels/subscriptions.ts';
import { createSubscriptionRows } from '../../../functions/edge/dynamodb/subscription-rows.ts';
import { ManualClock } from '../../fakes/clock.ts';
import { answerJson, WebServer } from '../../fakes/web-server.ts';

let dynamoDb: WebServer;
beforeAll(async () => {
  dynamoDb = await WebServer.start();
});
afterAll(() => dynamoDb.close());

/** The only thing that is asked of DynamoDB while `work` runs. */
async function questionOf(work: (rows: Subscriptions) => Promise<unknown>) {
  let question: Record<string, unknown> = {};
  dynamoDb.mood = (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      question = JSON.parse(Buffer.concat(chunks).toString());
      answerJson({})(request, response);
    });
  };
  const client = new DynamoDBClient({ endpoint: dynamoDb.url().href, maxAttempts: 1 });
  await work(createSubscriptionRows('subscriptions', client, new ManualClock()));
  client.destroy();
  return question;
}

/** The row that is written for a connection on a channel. */
async function rowOf(channel: string, principalId: string, userId?: string) {
  const connection = { principalId, connectionId: 'L0SM9cOFvHcCIhw=' };
  const { Item } = await questionOf((rows) => rows.add(channel, connection, Date.UTC(2026, 0), userId));
  return Item as Record<string, { S?: string; N?: string }>;
}

/**
 * Names and texts in UTF-8, a number about a byte for two digits and one more
 * (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html).
 */
function sizeOf(row: Awaited<ReturnType<typeof rowOf>>): number {
  const bytes = Object.entries(row).map(([name, { S, N = '' }]) => {
    return Buffer.byteLength(name) + (S === undefined ? Math.ceil(N.length / 2) + 1 : Buffer.byteLength(S));
  });
  return bytes.reduce((sum, each) => sum + each);
}

// A broadcast to 100,000 pays for reading all of them: 130 bytes each are 1,600 read units.
it('stores a public subscription in 130 bytes, for names and ids of usual length', async () => {
  const row = await rowOf('App.Models.Order.421', 'user:1234567890123456');
  expect(Object.keys(row).sort()).toEqual([
    'channel',
    'connectionId',
    'expiresAt',
    'joinedAt',
    'principalId',
    'version',
  ]);
  expect(sizeOf(row)).toBeLessThanOrEqual(130);
});

it('stores the user id of a presence channel’s member, but not the user info', async () => {
  const row = await rowOf('presence-room', 'user:42', '42');
  expect(Object.keys(row).sort()).toEqual([
    'channel',
    'connectionId',
    'expiresAt',
    'joinedAt',
    'principalId',
    'userId',
    'version',
  ]);
});

it.each([
  ['for many at half the price', undefined, false],
  ['as they were written last where that is asked for', true, true],
])('reads a page of them %s', async (_, latest, expected) => {
  const { ConsistentRead } = await questionOf((rows) => rows.page('news', { latest }));
  expect(ConsistentRead).toBe(expected);
});
