import { createRequire } from 'node:module';
import db from 'dynalite/db/index.js';
import type { Reply, Store, Table } from 'dynalite/store';
import validations from 'dynalite/validations/index.js';
import { defaultAccountId } from '../template/physical-ids.ts';
import { failure, internalError, type Outcome } from './engine.ts';
import { guardStore } from './guarded-store.ts';

/** The input of an operation with its expressions parsed: what dynalite's actions take. */
export type Prepared = Record<string, unknown>;

/** dynalite's operations as functions: no server, no port. */
export interface Dynalite {
  readonly version: string;
  knows(operation: string): boolean;
  /** Validates the input without looking at a table. Do not use `input` afterwards. */
  prepare(operation: string, input: object): { readonly data: Prepared } | { readonly refusal: Outcome };
  run(operation: string, data: Prepared): Promise<Outcome>;
  /** Checks the condition of an operation. @returns the error answer if the item does not meet it */
  check(data: Prepared, item: object | undefined): Outcome | undefined;
  /** @returns the error answer if this cannot be a key of the table */
  refuseKey(table: Table, key: unknown): Outcome | undefined;
  /** A unique text for each key. */
  keyText(table: Table, key: object): string;
  table(name: string): Promise<Table | undefined>;
  putTable(table: Table): Promise<void>;
  item(table: Table, key: unknown): Promise<object | undefined>;
  /** Restores an item, or its absence. */
  restore(table: Table, key: object, item: object | undefined): Promise<void>;
  items(table: Table): Promise<readonly object[]>;
  /** Updates the indexes of an item. `table` may name only some of its indexes. */
  index(table: Table, oldItem: object | undefined, newItem: object | undefined): Promise<void>;
  dropIndex(table: Table, index: string): Promise<void>;
}

type Action = (store: Store, data: Prepared, done: (error: Error | null, output: object) => void) => void;

interface Rules {
  readonly types: object;
  readonly custom?: unknown;
}

const operations = [
  'BatchGetItem',
  'BatchWriteItem',
  'CreateTable',
  'DeleteItem',
  'DeleteTable',
  'DescribeTable',
  'GetItem',
  'ListTables',
  'ListTagsOfResource',
  'PutItem',
  'Query',
  'Scan',
  'TagResource',
  'UntagResource',
  'UpdateItem',
  'UpdateTable',
];

export function createDynalite(region: string, accountId = defaultAccountId): Dynalite {
  const require = createRequire(import.meta.url);
  const load = (folder: string, operation: string) =>
    require(`dynalite/${folder}/${operation[0]?.toLowerCase()}${operation.slice(1)}`);
  const actions = new Map<string, Action>(operations.map((each) => [each, load('actions', each)]));
  const rules = new Map<string, Rules>(operations.map((each) => [each, load('validations', each)]));

  const store = db.create({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  store.tableDb.awsAccountId = accountId;
  store.tableDb.awsRegion = region;

  /** One call of the store, as a promise that also rejects if dynalite throws later. */
  function step<T>(
    work: (store: Store, done: (error: Error | null | undefined, value: T) => void) => void,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      work(guardStore(store, reject), (error, value) => (error ? reject(error) : resolve(value)));
    });
  }

  const items = (table: Table, own: Store) => own.getItemDb(table.TableName);
  return {
    version: (require('dynalite/package.json') as { readonly version: string }).version,
    knows: (operation) => actions.has(operation),
    prepare(operation, input) {
      const { types, custom } = rules.get(operation) as Rules;
      try {
        const data = validations.checkTypes(input, types);
        validations.checkValidations(data, types, custom, store);
        return { data };
      } catch (error) {
        if (isReply(error)) return { refusal: outcomeOf(error) };
        // Its checks throw on malformed input, such as `null` for a list.
        return {
          refusal: failure('service', 'SerializationException', 'The input has not the shape of the operation.'),
        };
      }
    },
    run: (operation, data) =>
      step<object>((own, done) => (actions.get(operation) as Action)(own, data, done)).then(
        (output) => ({ status: 200, output }),
        outcomeOf,
      ),
    check: (data, item) => refusalOf(db.checkConditional(data, item)),
    refuseKey: (table, key) => refusalOf(db.validateKey(key, table)),
    keyText: (table, key) => db.createKey(key, table),
    table: (name) =>
      step<Table>((own, done) => own.getTable(name, false, done)).catch((error) => {
        if (isReply(error)) return undefined;
        throw error;
      }),
    putTable: (table) => step((own, done) => own.tableDb.put(table.TableName, table, done)),
    item: (table, key) => step((own, done) => items(table, own).get(db.createKey(key, table), done)),
    async restore(table, key, item) {
      const name = db.createKey(key, table);
      const current = await step<object | undefined>((own, done) => items(table, own).get(name, done));
      await step<void>((own, done) => db.updateIndexes(own, table, current, item, (error) => done(error, undefined)));
      await step<void>((own, done) => {
        if (item === undefined) items(table, own).del(name, done);
        else items(table, own).put(name, item, done);
      });
    },
    items: (table) =>
      step((own, done) => {
        const all: object[] = [];
        const stream = items(table, own).createValueStream();
        stream.on('data', (item: object) => all.push(item));
        stream.on('error', (error: Error) => done(error, all));
        stream.on('end', () => done(null, all));
      }),
    index: (table, oldItem, newItem) =>
      step((own, done) => db.updateIndexes(own, table, oldItem, newItem, (error) => done(error, undefined))),
    dropIndex: (table, index) => step((own, done) => own.deleteIndexDb('Global', table.TableName, index, done)),
  };
}

export function outcomeOf(error: unknown): Outcome {
  if (isReply(error)) return { status: error.statusCode, output: error.body };
  return internalError();
}

function refusalOf(reply: Reply | null | undefined): Outcome | undefined {
  return reply ? outcomeOf(reply) : undefined;
}

function isReply(error: unknown): error is Reply {
  return error instanceof Error && typeof (error as Partial<Reply>).statusCode === 'number';
}
