import {
  CreateTableCommand,
  DescribeTableCommand,
  type KeySchemaElement,
  PutItemCommand,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { emptyGuardState } from '../../functions/core/sessions/guard-memory.ts';
import { createClaimRows, createCounterRows, createIdempotencyRows } from '../../functions/edge/dynamodb/claim-rows.ts';
import { createConnectionRows } from '../../functions/edge/dynamodb/connection-rows.ts';
import { createGuardRows } from '../../functions/edge/dynamodb/guard-rows.ts';
import { createLiveSessionRows } from '../../functions/edge/dynamodb/live-session-rows.ts';
import { createMemberRows } from '../../functions/edge/dynamodb/member-rows.ts';
import { permissions } from '../../functions/edge/dynamodb/permissions.ts';
import { createRevocationRows } from '../../functions/edge/dynamodb/revocation-rows.ts';
import { createSubscriptionRows } from '../../functions/edge/dynamodb/subscription-rows.ts';
import {
  claimsTable,
  connectionRowVersion,
  connectionsTable,
  membersTable,
  ownersTable,
  revocationsTable,
  subscriptionsTable,
} from '../../functions/edge/dynamodb/tables.ts';
import type { EngineKind } from '../../local/dynamodb/engine.ts';
import { ManualClock } from '../fakes/clock.ts';
import { describeClaims } from './claims.ts';
import { describeConnectionRegistry } from './connection-registry.ts';
import { describeCounters } from './counters.ts';
import { type RunningEngine, startEngine } from './engines.ts';
import { describeGuardMemory } from './guard-memory.ts';
import { describeIdempotency } from './idempotency.ts';
import { describeLiveSessions } from './live-sessions.ts';
import { describeMembers } from './members.ts';
import { PermissionsUsed } from './permissions-used.ts';
import { describeRevocations } from './revocations.ts';
import { describeSubscriptions } from './subscriptions.ts';

const tableKeys = {
  connections: connectionsTable,
  owners: ownersTable,
  subscriptions: subscriptionsTable,
  members: membersTable,
  claims: claimsTable,
  revocations: revocationsTable,
};

/** The contracts of all rows of DynamoDB, on one engine. */
export function describeRows(kind: EngineKind): void {
  const used = new PermissionsUsed();
  let engine: RunningEngine;
  let tables = 0;

  beforeAll(async () => {
    engine = await startEngine({ engine: kind });
    used.watchClient(engine.client);
  });
  afterAll(() => engine?.close());

  async function createTable(name: keyof typeof tableKeys): Promise<string> {
    tables += 1;
    const TableName = `${name}-${tables}`;
    const keys: { readonly partitionKey: string; readonly sortKey?: string } = tableKeys[name];
    const KeySchema: KeySchemaElement[] = [{ AttributeName: keys.partitionKey, KeyType: 'HASH' }];
    if (keys.sortKey !== undefined) KeySchema.push({ AttributeName: keys.sortKey, KeyType: 'RANGE' });
    const AttributeDefinitions = KeySchema.map(({ AttributeName }) => ({ AttributeName, AttributeType: 'S' as const }));
    await engine.client.send(
      new CreateTableCommand({ TableName, KeySchema, AttributeDefinitions, BillingMode: 'PAY_PER_REQUEST' }),
    );
    // As in AWS, a new table takes a moment.
    const status = async () => (await engine.client.send(new DescribeTableCommand({ TableName }))).Table?.TableStatus;
    await expect.poll(status, { interval: 2 }).toBe('ACTIVE');
    return TableName;
  }

  async function createConnectionTables() {
    const [connections, owners] = await Promise.all([createTable('connections'), createTable('owners')]);
    return { connections, owners };
  }

  describeConnectionRegistry('rows of DynamoDB', async (clock) =>
    used.watch('registry', createConnectionRows(await createConnectionTables(), engine.client, clock)),
  );

  describeSubscriptions('rows of DynamoDB', async (clock) =>
    used.watch('subscriptions', createSubscriptionRows(await createTable('subscriptions'), engine.client, clock)),
  );

  describeCounters('rows of DynamoDB', async () =>
    used.watch('counters', createCounterRows(await createTable('claims'), engine.client)),
  );

  describeMembers('rows of DynamoDB', async (clock) =>
    used.watch('members', createMemberRows(await createTable('members'), engine.client, clock)),
  );
  describeLiveSessions('rows of DynamoDB', async (clock) => {
    const tables = await createConnectionTables();
    return {
      registry: used.watch('registry', createConnectionRows(tables, engine.client, clock)),
      live: used.watch('live', createLiveSessionRows(tables, engine.client, clock)),
    };
  });

  describeRevocations('rows of DynamoDB', async (clock) =>
    used.watch('revocations', createRevocationRows(await createTable('revocations'), engine.client, clock)),
  );

  describeClaims('rows of DynamoDB', async (clock) =>
    used.watch('claims', createClaimRows(await createTable('claims'), engine.client, clock)),
  );

  describeGuardMemory('rows of DynamoDB', async (clock) =>
    used.watch('guard', createGuardRows(await createTable('claims'), engine.client, clock)),
  );

  it("the guard's row with its largest state is far below DynamoDB's limit of 400 KB", async () => {
    const clock = new ManualClock();
    const table = await createTable('claims');
    const rows = createGuardRows(table, engine.client, clock);
    const minute = Math.floor(clock.now() / 60_000);
    const hash = (n: number) => n.toString(16).padStart(8, '0');
    const numbers = Array.from({ length: 2000 }, (_, n) => n);
    const users = new Map(numbers.map((n) => [hash(n), { known: minute, lost: minute - 1 }]));
    const silences = new Map(numbers.slice(1000).map((n) => [hash(n) + hash(n), { since: minute, checks: 1 }]));
    const state = { ...emptyGuardState(Buffer.from('salt')), users, silences };
    await rows.write(state, minute, Math.floor(clock.now() / 1000) + 600);
    const { Items = [] } = await engine.client.send(new ScanCommand({ TableName: table }));
    const bytes = Items.flatMap((row) => Object.values(row)).reduce((sum, { B }) => sum + (B?.length ?? 0), 0);
    expect(bytes).toBeLessThan(25_000);
    expect(await rows.read()).toEqual(expect.objectContaining({ users, silences }));
  });

  describeIdempotency('rows of DynamoDB', async (clock) =>
    used.watch('idempotency', createIdempotencyRows(await createTable('claims'), engine.client, clock)),
  );

  // The tests above have called every method. A permission that none of them needed is too much, and a missing one is
  // AccessDenied.
  it('each method uses exactly the permissions that it has', () => {
    const has = Object.entries(permissions).map(([method, ofMethod]) => [method, [...ofMethod].sort()]);
    expect(used.byMethod).toEqual(Object.fromEntries(has));
  });

  // During an update, functions of two releases share the tables. The later release must know which one wrote a row.
  // Rows from before 0.1.0 have no version.
  it('every row carries the version of its layout, and a row without one reads the same', async () => {
    const [{ connections, owners }, subscriptions, members, claims, revocations] = await Promise.all([
      createConnectionTables(),
      createTable('subscriptions'),
      createTable('members'),
      createTable('claims'),
      createTable('revocations'),
    ]);
    const { client } = engine;
    const clock = new ManualClock();
    const later = Math.floor(clock.now() / 1000) + 600;
    const connection = { principalId: 'user:42', connectionId: 'a' };
    const attempts = ['under way', 'done'].map((name) => ({ name, bodyHash: 'hash' }));

    const registry = createConnectionRows({ connections, owners }, client, clock);
    await registry.add({ ...connection, sessionHash: 'f00d', connectedAt: clock.now(), validUntil: later });
    await registry.join(connection, 'news', 10);
    const live = createLiveSessionRows({ connections, owners }, client, clock);
    await live.prolong(connection, 'f00d', { validUntil: later });
    const subscriptionRows = createSubscriptionRows(subscriptions, client, clock);
    await subscriptionRows.add('news', connection, clock.now(), '42');
    const memberRows = createMemberRows(members, client, clock);
    await memberRows.join('presence-room', { userId: '42', userInfo: { name: 'Gonzalo' } }, 'a');
    await memberRows.join('presence-room', { userId: '43' }, 'b');
    const claimRows = createClaimRows(claims, client, clock);
    await claimRows.claim('ticket:1', later);
    const counters = createCounterRows(claims, client);
    const window = { milliseconds: 1000, most: 3 };
    await counters.add('frames', 3, 0, window);
    const guard = createGuardRows(claims, client, clock);
    const users = new Map([['0a0b0c0d', { known: Math.floor(clock.now() / 60_000) }]]);
    const state = { ...emptyGuardState(Buffer.from('salt')), users };
    await guard.write(state, Math.floor(clock.now() / 60_000), later);
    await guard.release(later);
    const idempotency = createIdempotencyRows(claims, client, clock);
    for (const attempt of attempts) await idempotency.begin(attempt);
    await idempotency.finish({ name: 'done', bodyHash: 'hash' }, '{}');
    const revocationRows = createRevocationRows(revocations, client, clock);
    await revocationRows.add('user:42', clock.now());

    const everything = () =>
      Promise.all([
        registry.holds(connection, 'news'),
        live.find(connection),
        subscriptionRows.find('news', connection),
        subscriptionRows.page('news'),
        memberRows.of('presence-room'),
        claimRows.holds('ticket:1'),
        counters.add('frames', 1, 0, window),
        guard.read(),
        guard.isReleased(),
        ...attempts.map((attempt) => idempotency.begin(attempt)),
        revocationRows.isRevokedSince(['user:42'], clock.now()),
      ]);
    const before = await everything();
    const counted: number[] = [];
    for (const TableName of [connections, owners, subscriptions, members, claims, revocations]) {
      const { Items = [] } = await client.send(new ScanCommand({ TableName }));
      for (const { version, ...Item } of Items) {
        const expected = TableName === connections ? connectionRowVersion : { N: '1' };
        expect([Item, version]).toEqual([Item, expected]);
        await client.send(new PutItemCommand({ TableName, Item }));
      }
      counted.push(Items.length);
    }
    expect(counted).toEqual([1, 1, 1, 2, 6, 1]);
    expect(await everything()).toEqual(before);
  });
}
