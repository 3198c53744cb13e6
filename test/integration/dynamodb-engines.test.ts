import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClock, type MovableClock } from '../../local/clock.ts';
import type { EngineKind } from '../../local/dynamodb/engine.ts';
import { script } from '../contract/dynamodb-script.ts';
import { engineDifferences } from '../contract/engine-differences.ts';
import { callDynamoDb, type EngineOutcome, isThere, outlineOutcome } from '../contract/engine-outcome.ts';
import { hasJava, onEachEngine, type RunningEngine, startEngine, withJava } from '../contract/engines.ts';

const Table = {
  Type: 'AWS::DynamoDB::Table',
  Properties: {
    TableName: 'rows',
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    BillingMode: 'PAY_PER_REQUEST',
    TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
  },
};
const TableName = 'rows';
const idOf = (id: string) => ({ id: { S: id } });

const clocks: Record<EngineKind, MovableClock> = { dynalite: createClock(), strict: createClock() };
const engines: Partial<Record<EngineKind, RunningEngine>> = {};

beforeAll(async () => {
  const kinds: readonly EngineKind[] = hasJava ? ['dynalite', 'strict'] : ['dynalite'];
  for (const kind of kinds) engines[kind] = await startEngine({ engine: kind, clock: clocks[kind] }, { Table });
});
afterAll(async () => {
  for (const engine of Object.values(engines)) await engine.close();
  for (const clock of Object.values(clocks)) clock.close();
});

function running(kind: EngineKind): RunningEngine {
  const engine = engines[kind];
  if (engine === undefined) throw new Error(`${kind} does not run.`);
  return engine;
}

async function followScript(kind: EngineKind): Promise<ReadonlyMap<string, EngineOutcome>> {
  const { endpoint } = running(kind).dynamodb;
  const outcomes = new Map<string, EngineOutcome>();
  for (const { name, operation, input } of script) {
    outcomes.set(name, outlineOutcome(await callDynamoDb(endpoint, operation, input)));
    if (/^(Create|Update)Table$/.test(operation)) await isThere(endpoint, input);
  }
  return outcomes;
}

describe('the script of operations', () => {
  let dynalite: ReadonlyMap<string, EngineOutcome>;

  beforeAll(async () => {
    dynalite = await followScript('dynalite');
  });

  it('has a unique name for each step', () => {
    expect(new Set(script.map(({ name }) => name)).size).toBe(script.length);
  });

  it('gets dynalite’s answers, as in the list of differences', () => {
    const listed = engineDifferences.map(({ step, dynalite: outcome }) => [step, outcome]);
    expect(listed.map(([step]) => [step, dynalite.get(step ?? '')])).toEqual(listed);
  });

  it('gets the same answers from dynalite and DynamoDB Local, with only the listed differences', withJava, async () => {
    const strict = await followScript('strict');
    const found = script
      .map(({ name }) => ({ step: name, dynalite: dynalite.get(name), strict: strict.get(name) }))
      .filter((each) => each.dynalite !== each.strict);
    expect(found).toEqual(engineDifferences.map(({ step, dynalite, strict }) => ({ step, dynalite, strict })));
  });
});

onEachEngine((kind) => {
  const clock = clocks[kind];
  const call = (operation: string, input: object) => callDynamoDb(running(kind).dynamodb.endpoint, operation, input);
  const itemOf = async (id: string) =>
    (await call('GetItem', { TableName, Key: idOf(id), ConsistentRead: true })).output['Item'];
  const inSeconds = (seconds: number) => ({ N: String(Math.floor(clock.now() / 1000) + seconds) });

  describe('the table of a template', () => {
    it('exists at once, with its time to live', async () => {
      expect(running(kind).dynamodb.tables).toEqual({ Table: TableName });
      const { output } = await call('DescribeTimeToLive', { TableName });
      expect(output['TimeToLiveDescription']).toEqual({ TimeToLiveStatus: 'ENABLED', AttributeName: 'expiresAt' });
    });

    it('can be read as plain JSON, without a call', async () => {
      const Item = {
        ...idOf('plain'),
        number: { N: '1.5' },
        digits: { N: '12345678901234567890' },
        list: { L: [{ BOOL: true }, { NULL: true }, { M: { a: { S: 'b' } } }] },
        set: { SS: ['x'] },
        numbers: { NS: ['1'] },
        bytes: { B: 'AAE=' },
      };
      await call('PutItem', { TableName, Item });
      expect(await running(kind).dynamodb.scan(TableName, 10)).toEqual([
        {
          id: 'plain',
          number: 1.5,
          digits: '12345678901234567890',
          list: [true, null, { a: 'b' }],
          set: ['x'],
          numbers: [1],
          bytes: 'AAE=',
        },
      ]);
      expect(running(kind).dynamodb.described).toEqual([
        {
          logicalId: 'Table',
          name: TableName,
          keySchema: Table.Properties.KeySchema,
          timeToLiveAttribute: 'expiresAt',
          isOnDemand: true,
        },
      ]);
      await call('DeleteItem', { TableName, Key: idOf('plain') });
    });
  });

  describe('an item with a time to live', () => {
    // DynamoDB Local deletes by the machine's clock as well, so only a future of the cloud's clock is shown on both.
    it('is visible until it expires, and is deleted two minutes later', async () => {
      await call('PutItem', { TableName, Item: { ...idOf('short'), expiresAt: inSeconds(600) } });
      await call('PutItem', { TableName, Item: { ...idOf('long'), expiresAt: inSeconds(7200) } });
      await call('PutItem', { TableName, Item: { ...idOf('text'), expiresAt: { S: '1' } } });
      await call('PutItem', { TableName, Item: idOf('none') });
      clock.advance(580_000);
      expect(await itemOf('short')).toBeDefined();
      clock.advance(60_000);
      expect(await itemOf('short')).toBeDefined();
      clock.advance(85_000);
      expect(await itemOf('short')).toBeUndefined();
      for (const id of ['long', 'text', 'none']) expect(await itemOf(id)).toBeDefined();
    });

    it('is kept if it expired more than five years ago', async () => {
      const dayInSeconds = 24 * 3600;
      await call('PutItem', { TableName, Item: { ...idOf('old'), expiresAt: inSeconds(-5 * 366 * dayInSeconds) } });
      clock.advance(180_000);
      expect(await itemOf('old')).toBeDefined();
    });

    it('is kept while time to live is off, and deleted once it is on again', async () => {
      const switchTo = (Enabled: boolean) =>
        call('UpdateTimeToLive', { TableName, TimeToLiveSpecification: { Enabled, AttributeName: 'expiresAt' } });
      await call('PutItem', { TableName, Item: { ...idOf('kept'), expiresAt: inSeconds(600) } });
      expect((await switchTo(false)).status).toBe(200);
      clock.advance(800_000);
      expect(await itemOf('kept')).toBeDefined();
      expect((await switchTo(true)).status).toBe(200);
      clock.advance(61_000);
      expect(await itemOf('kept')).toBeUndefined();
    });

    it('is found on every page of a large table', async () => {
      const text = { S: 'x'.repeat(300_000) };
      const ids = Array.from({ length: 10 }, (_, index) => `page-${index}`);
      for (const id of ids)
        await call('PutItem', { TableName, Item: { ...idOf(id), text, expiresAt: inSeconds(600) } });
      clock.advance(800_000);
      expect(await Promise.all(ids.map(itemOf))).toEqual(ids.map(() => undefined));
    });
  });

  describe('many concurrent requests', () => {
    it('count without losing any', async () => {
      const add = {
        TableName,
        Key: idOf('count'),
        UpdateExpression: 'ADD amount :one',
        ExpressionAttributeValues: { ':one': { N: '1' } },
      };
      await Promise.all(Array.from({ length: 50 }, () => call('UpdateItem', add)));
      expect(await itemOf('count')).toMatchObject({ amount: { N: '50' } });
    });

    it('see a whole transaction or nothing of it', async () => {
      const both = (value: string) => ({
        TransactItems: ['left', 'right'].map((id) => ({ Put: { TableName, Item: { ...idOf(id), v: { S: value } } } })),
      });
      await call('TransactWriteItems', both('0'));
      const read = { TransactItems: ['left', 'right'].map((id) => ({ Get: { TableName, Key: idOf(id) } })) };
      const writes = Array.from({ length: 10 }, (_, index) => call('TransactWriteItems', both(String(index))));
      const reads = await Promise.all(Array.from({ length: 10 }, () => call('TransactGetItems', read)));
      await Promise.all(writes);
      for (const { status, output } of reads) {
        // DynamoDB may refuse one of two that meet; ours lets it wait.
        if (kind === 'strict' && status === 400) continue;
        const [left, right] = output['Responses'] as { readonly Item: { readonly v: object } }[];
        expect(left?.Item.v).toEqual(right?.Item.v);
      }
    });

    it('let one of them claim an item, and show the others the winner', async () => {
      const claims = await Promise.all(
        Array.from({ length: 10 }, (_, index) =>
          call('PutItem', {
            TableName,
            Item: { ...idOf('claim'), by: { S: String(index) } },
            ConditionExpression: 'attribute_not_exists(id)',
            ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
          }),
        ),
      );
      const winner = claims.findIndex(({ status }) => status === 200);
      for (const [index, { status, output }] of claims.entries()) {
        if (index === winner) continue;
        expect({ status, item: output['Item'] }).toEqual({
          status: 400,
          item: { ...idOf('claim'), by: { S: String(winner) } },
        });
      }
    });
  });

  it('forgets the token of a transaction after ten minutes of the cloud’s clock, and not before', async () => {
    if (kind === 'strict') return; // it has a clock of its own
    const once = {
      TransactItems: [
        {
          Update: {
            TableName,
            Key: idOf('token'),
            UpdateExpression: 'ADD amount :one',
            ExpressionAttributeValues: { ':one': { N: '1' } },
          },
        },
      ],
      ClientRequestToken: 'again',
    };
    await call('TransactWriteItems', once);
    clock.advance(580_000);
    await call('TransactWriteItems', once);
    expect(await itemOf('token')).toMatchObject({ amount: { N: '1' } });
    clock.advance(21_000);
    await call('TransactWriteItems', once);
    expect(await itemOf('token')).toMatchObject({ amount: { N: '2' } });
  });
});
