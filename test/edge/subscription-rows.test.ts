import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createSubscriptionRows } from '../../functions/edge/subscription-rows.ts';
import { ManualClock } from '../fakes/clock.ts';
import { answerJson, WebServer } from '../fakes/web-server.ts';

let dynamoDb: WebServer;
beforeAll(async () => {
  dynamoDb = await WebServer.start();
});
afterAll(() => dynamoDb.close());

/** The row that is written for a connection on a channel. */
async function rowOf(channel: string, principalId: string, userId?: string) {
  let row: Record<string, { S?: string; N?: string }> = {};
  dynamoDb.mood = (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      row = JSON.parse(Buffer.concat(chunks).toString()).Item;
      answerJson({})(request, response);
    });
  };
  const client = new DynamoDBClient({ endpoint: dynamoDb.url().href, maxAttempts: 1 });
  const rows = createSubscriptionRows('subscriptions', client, new ManualClock());
  await rows.add(channel, { principalId, connectionId: 'L0SM9cOFvHcCIhw=' }, Date.UTC(2026, 0), userId);
  client.destroy();
  return row;
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

// A broadcast to 100,000 pays for reading all of them: 120 bytes each are 1,500 read units.
it('holds a public subscription in 120 bytes, for names and ids of usual length', async () => {
  const row = await rowOf('App.Models.Order.421', 'user:1234567890123456');
  expect(Object.keys(row).sort()).toEqual(['channel', 'connectionId', 'expiresAt', 'joinedAt', 'principalId']);
  expect(sizeOf(row)).toBeLessThanOrEqual(120);
});

it('adds to a presence channel’s who it is, and nothing of what he says of himself', async () => {
  const row = await rowOf('presence-room', 'user:42', '42');
  expect(Object.keys(row).sort()).toEqual([
    'channel',
    'connectionId',
    'expiresAt',
    'joinedAt',
    'principalId',
    'userId',
  ]);
});
