import { expect, it } from 'vitest';
import { createClock, type MovableClock } from '../../../local/clock.ts';
import { createDynalite, type Dynalite } from '../../../local/dynamodb/dynalite.ts';
import { createItemOperations } from '../../../local/dynamodb/item-operations.ts';
import { createTransactions } from '../../../local/dynamodb/transactions.ts';

/** Transactions over one table, Stock, in a dynalite that is `changed`. */
async function start(changed: Partial<Dynalite> = {}, clock: MovableClock = createClock()) {
  const dynalite = { ...createDynalite('us-east-1'), ...changed };
  const operations = createItemOperations(dynalite);
  const run = async (operation: string, input: Record<string, unknown>) => {
    const prepared = operations.prepare(operation, input);
    if ('refusal' in prepared) throw new Error(JSON.stringify(prepared.refusal.output));
    return (await operations.run(prepared.ready)).output;
  };
  await run('CreateTable', {
    TableName: 'Stock',
    AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    BillingMode: 'PAY_PER_REQUEST',
  });
  const isActive = async () => {
    const { Table } = (await run('DescribeTable', { TableName: 'Stock' })) as { Table: { TableStatus: string } };
    return Table.TableStatus === 'ACTIVE';
  };
  await expect.poll(isActive).toBe(true);
  const transactions = createTransactions(dynalite, operations, clock);
  return { transactions, scan: () => run('Scan', { TableName: 'Stock' }) };
}

const put = (pk: string) => ({ Put: { TableName: 'Stock', Item: { pk: { S: pk } } } });
const check = (pk: string) => ({
  ConditionCheck: { TableName: 'Stock', Key: { pk: { S: pk } }, ConditionExpression: 'attribute_not_exists(pk)' },
});

it('a transaction that fails halfway leaves no changes', async () => {
  const { transactions, scan } = await start({
    check() {
      throw new TypeError('something in dynalite');
    },
  });
  const outcome = await transactions.write({ TransactItems: [put('first'), check('other'), put('last')] });
  expect(outcome.status).toBe(500);
  expect(await scan()).toMatchObject({ Count: 0 });
});

/** The SDK gives every transaction a token: to look at all of them each time took milliseconds after some thousands. */
it('a transaction token is dropped after ten minutes, without scanning younger tokens', async () => {
  let asked = 0;
  const clock = createClock();
  const counting: MovableClock = {
    ...clock,
    now() {
      asked += 1;
      return clock.now();
    },
  };
  const { transactions, scan } = await start({}, counting);
  const write = (pk: string, ClientRequestToken: string) =>
    transactions.write({ ClientRequestToken, TransactItems: [put(pk)] });
  for (let each = 0; each < 200; each += 1) expect(await write('a', `token ${each}`)).toMatchObject({ status: 200 });
  expect(asked).toBeLessThan(1000);
  expect(await write('b', 'token 0')).toMatchObject({ status: 400 });
  clock.advance(10 * 60_000);
  expect(await write('b', 'token 0')).toMatchObject({ status: 200 });
  expect(await scan()).toMatchObject({ Count: 2 });
});
