import type { Release, Store, SubStore } from 'dynalite/store';

type Run = (...parameters: never[]) => unknown;

/**
 * dynalite runs in callbacks of its store, where an exception would end the process. This store passes exceptions to
 * `onThrow` and releases the held locks. Create one per call.
 */
export function guardStore(store: Store, onThrow: (error: unknown) => void): Store {
  return new GuardedStore(store, new Guard(onThrow)) as unknown as Store;
}

class Guard {
  readonly #held = new Set<() => void>();
  readonly #onThrow: (error: unknown) => void;

  constructor(onThrow: (error: unknown) => void) {
    this.#onThrow = onThrow;
  }

  over<R extends Run | undefined>(run: R): R {
    if (run === undefined) return run;
    return ((...parameters: never[]) => {
      try {
        return run(...parameters);
      } catch (error) {
        for (const free of [...this.#held]) free();
        this.#onThrow(error);
        return undefined;
      }
    }) as R;
  }

  /** Releases the lock once, even if dynalite never does. */
  holding(release: Release): Release {
    const free = () => {
      if (this.#held.delete(free)) release(() => undefined)();
    };
    this.#held.add(free);
    return (done) => {
      const freeAndDone = release(done);
      return (...results) => {
        if (this.#held.delete(free)) freeAndDone(...results);
      };
    };
  }

  /** Changes the stream itself, because a wrapper would have to copy its state. */
  overStream(stream: NodeJS.ReadableStream): NodeJS.ReadableStream {
    const on = stream.on.bind(stream);
    stream.on = (event: string, listener: Run) => on(event, this.over(listener) as never);
    return stream;
  }
}

/** Classes instead of closures: each call creates two or three of these, and closures would double its cost. */
class GuardedStore {
  readonly options: unknown;
  readonly #store: Store;
  readonly #guard: Guard;

  constructor(store: Store, guard: Guard) {
    this.options = store.options;
    this.#store = store;
    this.#guard = guard;
  }

  get tableDb() {
    return new GuardedSubStore(this.#store.tableDb, this.#guard);
  }

  getTable(...[name, checkStatus, done]: Parameters<Store['getTable']>) {
    const own = typeof checkStatus === 'function' ? this.#guard.over(checkStatus) : checkStatus;
    this.#store.getTable(name, own, this.#guard.over(done));
  }

  getItemDb(table: string) {
    return new GuardedSubStore(this.#store.getItemDb(table), this.#guard);
  }

  getIndexDb(kind: string, table: string, index: string) {
    return new GuardedSubStore(this.#store.getIndexDb(kind, table, index), this.#guard);
  }

  getTagDb(table: string) {
    return new GuardedSubStore(this.#store.getTagDb(table), this.#guard);
  }

  deleteItemDb(...[table, done]: Parameters<Store['deleteItemDb']>) {
    this.#store.deleteItemDb(table, this.#guard.over(done));
  }

  deleteIndexDb(...[kind, table, index, done]: Parameters<Store['deleteIndexDb']>) {
    this.#store.deleteIndexDb(kind, table, index, this.#guard.over(done));
  }

  deleteTagDb(...[table, done]: Parameters<Store['deleteTagDb']>) {
    this.#store.deleteTagDb(table, this.#guard.over(done));
  }
}

class GuardedSubStore {
  readonly #target: SubStore;
  readonly #guard: Guard;

  constructor(target: SubStore, guard: Guard) {
    this.#target = target;
    this.#guard = guard;
  }

  get awsAccountId() {
    return this.#target.awsAccountId;
  }

  get awsRegion() {
    return this.#target.awsRegion;
  }

  get(...[key, done]: Parameters<SubStore['get']>) {
    this.#target.get(key, this.#guard.over(done));
  }

  put(...[key, value, done]: Parameters<SubStore['put']>) {
    this.#target.put(key, value, this.#guard.over(done));
  }

  del(...[key, done]: Parameters<SubStore['del']>) {
    this.#target.del(key, this.#guard.over(done));
  }

  batch(...[operations, done]: Parameters<SubStore['batch']>) {
    this.#target.batch(operations, this.#guard.over(done));
  }

  lock(...[key, run]: Parameters<SubStore['lock']>) {
    this.#target.lock(
      key,
      this.#guard.over((release: Release) => run(this.#guard.holding(release))),
    );
  }

  createKeyStream(options?: object) {
    return this.#guard.overStream(this.#target.createKeyStream(options));
  }

  createValueStream(options?: object) {
    return this.#guard.overStream(this.#target.createValueStream(options));
  }
}
