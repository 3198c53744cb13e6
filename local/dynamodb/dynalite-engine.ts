import type { Clock } from '../clock.ts';
import type { Stack } from '../template/stack.ts';
import { createDynalite, outcomeOf } from './dynalite.ts';
import { type Call, type Engine, failure, invalid, type Outcome, toAnswer } from './engine.ts';
import { changeIndexes, changesIndexes } from './index-changes.ts';
import { createItemOperations } from './item-operations.ts';
import { createTimeToLive } from './time-to-live.ts';
import { createTransactions } from './transactions.ts';

type Input = Record<string, unknown>;

/** dynalite in this process, and over it what it lacks. test/contract/engine-differences.ts lists what is still missing. */
export function createDynaliteEngine({ region, accountId }: Pick<Stack, 'region' | 'accountId'>, clock: Clock): Engine {
  const dynalite = createDynalite(region, accountId);
  const items = createItemOperations(dynalite);
  const transactions = createTransactions(dynalite, items, clock);
  const timeToLive = createTimeToLive(dynalite);
  const turns = createTurns();

  const ours: Readonly<Record<string, (input: Input) => Promise<Outcome>>> = {
    TransactWriteItems: (input) => turns.alone(() => transactions.write(input)),
    TransactGetItems: (input) => turns.alone(() => transactions.get(input)),
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
        invalid('StreamSpecification: dynalite has no streams. Start the local cloud with strict.'),
      );
    }
    return turns.alone(async () => {
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
        `dynalite has no ${operation}. Start the local cloud with strict.`,
      );
    }
    const prepared = items.prepare(operation, input);
    if ('refusal' in prepared) return prepared.refusal;
    const { ready } = prepared;
    const isForOneAlone = await items.isForOneAlone(ready);
    return isForOneAlone ? turns.alone(() => items.run(ready)) : turns.together(() => items.run(ready));
  }

  return {
    name: `dynalite ${dynalite.version}, in memory`,
    answer: async (call) => toAnswer(await perform(call).catch(outcomeOf)),
    // Its store is memory: it goes when nobody holds it. Closing it would make writes under way throw.
    close: async () => undefined,
  };
}

/**
 * Who works together and who works alone: single operations share, a transaction has everything for itself. In order of
 * arrival, so neither starves the other.
 */
export interface Turns {
  together<T>(work: () => Promise<T>): Promise<T>;
  alone<T>(work: () => Promise<T>): Promise<T>;
}

export function createTurns(): Turns {
  let working = 0;
  let isAlone = false;
  const waiting: { readonly alone: boolean; readonly start: () => void }[] = [];

  function startNext(): void {
    for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
      if (isAlone || (next.alone && working > 0)) return;
      waiting.shift();
      working += 1;
      isAlone = next.alone;
      next.start();
    }
  }

  async function take<T>(alone: boolean, work: () => Promise<T>): Promise<T> {
    if (isAlone || waiting.length > 0 || (alone && working > 0)) {
      await new Promise<void>((start) => void waiting.push({ alone, start }));
    } else {
      working += 1;
      isAlone = alone;
    }
    try {
      return await work();
    } finally {
      working -= 1;
      isAlone = false;
      startNext();
    }
  }

  return { together: (work) => take(false, work), alone: (work) => take(true, work) };
}
