import db from 'dynalite/db/index.js';
import { describe, expect, it } from 'vitest';
import { guardStore } from '../../../local/dynamodb/guarded-store.ts';

const createStore = () => db.create({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });

/** @returns the error passed to `onThrow` */
function caught(run: (store: ReturnType<typeof createStore>) => void, store = createStore()): Promise<unknown> {
  return new Promise((resolve) => run(guardStore(store, resolve)));
}

function fail(): never {
  throw new Error('fell');
}

// Each of these would end the process, because they run in callbacks of the store.
describe('an exception in a callback of dynalite’s store', () => {
  it.each<[where: string, run: (store: ReturnType<typeof createStore>) => void]>([
    ['for a table', (store) => store.getTable('none', fail)],
    ['for an item', (store) => store.getItemDb('t').get('key', fail)],
    ['to put an item', (store) => store.getItemDb('t').put('key', {}, fail)],
    ['to delete an item', (store) => store.getItemDb('t').del('key', fail)],
    [
      'for all items',
      (store) =>
        store
          .getItemDb('t')
          .createValueStream()
          .on('data', () => undefined)
          .on('end', fail),
    ],
    ['for a lock', (store) => store.getItemDb('t').lock('key', fail)],
    [
      'for an item, under a lock',
      (store) => {
        const items = store.getItemDb('t');
        items.lock('key', (release) => items.get('key', release(fail) as never));
      },
    ],
    ['for an item of an index', (store) => store.getIndexDb('Global', 't', 'i').get('key', fail)],
    ['for the tables', (store) => store.tableDb.get('t', fail)],
  ])('is caught %s', async (_, run) => {
    expect(await caught(run)).toEqual(new Error('fell'));
  });

  it('leaves no lock behind', async () => {
    const store = createStore();
    const items = store.getItemDb('t');
    await caught((guarded) => {
      const own = guarded.getItemDb('t');
      own.lock('key', () => own.get('key', fail));
    }, store);
    await new Promise<void>((resolve) => items.lock('key', (release) => release(resolve)()));
  });
});
