import type { Clock } from '../clock.ts';
import type { Stack } from '../template/stack.ts';
import { createDynalite, outcomeOf } from './dynalite.ts';
import { type Call, type Engine, failure, invalid, type Outcome, toAnswer } from './engine.ts';
import { changeIndexes, changesIndexes } from './index-changes.ts';
import { createItemOperations } from './item-operations.ts';
import { createTimeToLive } from './time-to-live.ts';
import { createTransactions } from './transactions.ts';

type Input = Record<string, unknown>;

/** Runs dynalite in this process and adds missing features. test/contract/engine-differences.ts lists the rest. */
export function createDynaliteEngine({ region, accountId }: Pick<Stack, 'region' | 'accountId'>, clock: Clock): Engine {
  const dynalite = createDynalite(region, accountId);
  const items = createItemOperations(dynalite);
  const transactions = createTransactions(dynalite, items, clock);
  const timeToLive = createTimeToLive(dynalite);
  const lock = createReadWriteLock();

  const ours: Readonly<Record<string, (input: Input) => Promise<Outcome>>> = {
    TransactWriteItems: (input) => lock.exclusive(() => transactions.write(input)),
    TransactGetItems: (input) => lock.exclusive(() => transactions.get(input)),
    UpdateTimeToLive: (input) => timeToLive.update(input),
    DescribeTimeToLive: (input) => timeToLive.describe(input),
    CreateTable: (input) => changeTable('CreateTable', input),
    UpdateTable: (input) => changeTable('UpdateTable', input),
    DeleteTable: (input) => changeTable('DeleteTable', input),
  };

  function changeTable(operation: string, input: Input): Promise<Outcome> {
    const { TableName, StreamSpecification } = input;
    if (StreamSpecification) {
      return Promise.resolve(
        invalid('StreamSpecification: dynalite has no streams. Start the local cloud with --dynamodb strict.'),
      );
    }
    return lock.exclusive(async () => {
      const changes = operation === 'UpdateTable' && changesIndexes(input);
      const outcome = await (changes ? changeIndexes(dynalite, input) : single(operation, input));
      items.forget(TableName);
      if (operation === 'DeleteTable' && outcome.status === 200) timeToLive.forget(TableName);
      return outcome;
    });
  }

  async function single(operation: string, input: Input): Promise<Outcome> {
    const prepared = items.prepare(operation, input);
    return 'refusal' in prepared ? prepared.refusal : items.run(prepared.ready);
  }

  async function perform({ operation, target, input }: Call): Promise<Outcome> {
    const isOfTables = target.startsWith('DynamoDB_20120810.');
    const own = isOfTables && Object.hasOwn(ours, operation) ? ours[operation] : undefined;
    if (own !== undefined) return own(input);
    if (!isOfTables || !dynalite.knows(operation)) {
      return failure(
        'service',
        'UnknownOperationException',
        `dynalite has no ${operation}. Start the local cloud with --dynamodb strict.`,
      );
    }
    const prepared = items.prepare(operation, input);
    if ('refusal' in prepared) return prepared.refusal;
    const { ready } = prepared;
    const needsExclusiveLock = await items.needsExclusiveLock(ready);
    return needsExclusiveLock ? lock.exclusive(() => items.run(ready)) : lock.shared(() => items.run(ready));
  }

  return {
    name: `dynalite ${dynalite.version}, in memory`,
    answer: async (call) => toAnswer(await perform(call).catch(outcomeOf)),
    // The store is garbage-collected memory. Closing it would make running writes throw.
    close: async () => undefined,
  };
}

/**
 * A read-write lock: single operations share it, a transaction holds it exclusively. First come, first served, so neither
 * starves the other.
 */
export interface ReadWriteLock {
  shared<T>(work: () => Promise<T>): Promise<T>;
  exclusive<T>(work: () => Promise<T>): Promise<T>;
}

export function createReadWriteLock(): ReadWriteLock {
  let working = 0;
  let isExclusive = false;
  const waiting: { readonly exclusive: boolean; readonly start: () => void }[] = [];

  function startNext(): void {
    for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
      if (isExclusive || (next.exclusive && working > 0)) return;
      waiting.shift();
      working += 1;
      isExclusive = next.exclusive;
      next.start();
    }
  }

  async function acquire<T>(exclusive: boolean, work: () => Promise<T>): Promise<T> {
    if (isExclusive || waiting.length > 0 || (exclusive && working > 0)) {
      await new Promise<void>((start) => void waiting.push({ exclusive, start }));
    } else {
      working += 1;
      isExclusive = exclusive;
    }
    try {
      return await work();
    } finally {
      working -= 1;
      isExclusive = false;
      startNext();
    }
  }

  return { shared: (work) => acquire(false, work), exclusive: (work) => acquire(true, work) };
}
