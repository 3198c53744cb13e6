import { CreateTableCommand, DescribeTableCommand, type KeySchemaElement } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect } from 'vitest';
import { createClaimRows } from '../../functions/edge/claim-rows.ts';
import { createConnectionRows } from '../../functions/edge/connection-rows.ts';
import { createCounterRows } from '../../functions/edge/counter-rows.ts';
import { createIdempotencyRows } from '../../functions/edge/idempotency-rows.ts';
import { createLiveSessionRows } from '../../functions/edge/live-session-rows.ts';
import { createMemberRows } from '../../functions/edge/member-rows.ts';
import { createRevocationRows } from '../../functions/edge/revocation-rows.ts';
import { createSubscriptionRows } from '../../functions/edge/subscription-rows.ts';
import {
  claimsTable,
  connectionsTable,
  membersTable,
  revocationsTable,
  subscriptionsTable,
} from '../../functions/edge/tables.ts';
import { describeClaims } from '../contract/claims.ts';
import { describeConnectionRegistry } from '../contract/connection-registry.ts';
import { describeCounters } from '../contract/counters.ts';
import { onEachEngine, type RunningEngine, startEngine } from '../contract/engines.ts';
import { describeIdempotency } from '../contract/idempotency.ts';
import { describeLiveSessions } from '../contract/live-sessions.ts';
import { describeMembers } from '../contract/members.ts';
import { describeRevocations } from '../contract/revocations.ts';
import { describeSubscriptions } from '../contract/subscriptions.ts';

onEachEngine((kind) => {
  let engine: RunningEngine;
  let tables = 0;

  beforeAll(async () => {
    engine = await startEngine({ engine: kind });
  });
  afterAll(() => engine?.close());

  async function createTable(keys: { readonly partitionKey: string; readonly sortKey?: string }): Promise<string> {
    tables += 1;
    const TableName = `table-${tables}`;
    const KeySchema: KeySchemaElement[] = [{ AttributeName: keys.partitionKey, KeyType: 'HASH' }];
    if (keys.sortKey !== undefined) KeySchema.push({ AttributeName: keys.sortKey, KeyType: 'RANGE' });
    const AttributeDefinitions = KeySchema.map(({ AttributeName }) => ({ AttributeName, AttributeType: 'S' as const }));
    await engine.client.send(
      new CreateTableCommand({ TableName, KeySchema, AttributeDefinitions, BillingMode: 'PAY_PER_REQUEST' }),
    );
    // As in AWS, a new table is not there at once.
    const status = async () => (await engine.client.send(new DescribeTableCommand({ TableName }))).Table?.TableStatus;
    await expect.poll(status, { interval: 2 }).toBe('ACTIVE');
    return TableName;
  }

  describeConnectionRegistry('rows of DynamoDB', async (clock) =>
    createConnectionRows(await createTable(connectionsTable), engine.client, clock),
  );

  describeSubscriptions('rows of DynamoDB', async (clock) =>
    createSubscriptionRows(await createTable(subscriptionsTable), engine.client, clock),
  );

  describeCounters('rows of DynamoDB', async () => createCounterRows(await createTable(claimsTable), engine.client));

  describeMembers('rows of DynamoDB', async (clock) =>
    createMemberRows(await createTable(membersTable), engine.client, clock),
  );
  describeLiveSessions('rows of DynamoDB', async (clock) => {
    const table = await createTable(connectionsTable);
    return {
      registry: createConnectionRows(table, engine.client, clock),
      live: createLiveSessionRows(table, engine.client, clock),
    };
  });

  describeRevocations('rows of DynamoDB', async (clock) =>
    createRevocationRows(await createTable(revocationsTable), engine.client, clock),
  );

  describeClaims('rows of DynamoDB', async (clock) =>
    createClaimRows(await createTable(claimsTable), engine.client, clock),
  );

  describeIdempotency('rows of DynamoDB', async (clock) =>
    createIdempotencyRows(await createTable(claimsTable), engine.client, clock),
  );
});
