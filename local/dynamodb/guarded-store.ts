import type { Release, Store, SubStore } from 'dynalite/store';

type Run = (...parameters: never[]) => unknown;

/**
 * dynalite's code goes on in callbacks of its store, and what it throws there would end the process. Through this store it
 * goes to `onThrow`, and the locks that were held are free again. One for each call.
 */
export function guardStore(store: Store, onThrow: (error: unknown) => void): Store {
  const held = new Set<() => void>();

  function guard(run: Run): Run {
    return (...parameters) => {
      try {
        return run(...parameters);
      } catch (error) {
        for (const free of [...held]) free();
        onThrow(error);
        return undefined;
      }
    };
  }

  /** The same object, but each function that is handed to one of these methods is guarded. */
  function guardCallbacks<T extends object>(target: T, methods: readonly string[]): T {
    const guarded = Object.create(target) as Record<string, unknown>;
    const own = target as unknown as Record<string, Run>;
    for (const method of methods) {
      guarded[method] = (...parameters: unknown[]) =>
        own[method]?.(
          ...(parameters.map((each) => (typeof each === 'function' ? guard(each as Run) : each)) as never[]),
        );
    }
    return guarded as T;
  }

  /** The stream itself, which is nobody else's: its methods would keep their state beside it on another object. */
  function guardStream(stream: NodeJS.ReadableStream): NodeJS.ReadableStream {
    const on = stream.on.bind(stream);
    stream.on = (event: string, listener: Run) => on(event, guard(listener) as never);
    return stream;
  }

  function guardSubStore(target: SubStore): SubStore {
    const guarded = guardCallbacks(target, ['get', 'put', 'del', 'batch']);
    guarded.lock = (key, run) => target.lock(key, guard((release: Release) => run(holding(release))) as never);
    guarded.createKeyStream = (options) => guardStream(target.createKeyStream(options));
    guarded.createValueStream = (options) => guardStream(target.createValueStream(options));
    return guarded;
  }

  /** Frees the lock once, whether dynalite comes to it or not. */
  function holding(release: Release): Release {
    const free = () => {
      if (held.delete(free)) release(() => undefined)();
    };
    held.add(free);
    return (done) => {
      const freeAndDone = release(done);
      return (...results) => {
        if (held.delete(free)) freeAndDone(...results);
      };
    };
  }

  const guarded = guardCallbacks(store, ['getTable', 'deleteItemDb', 'deleteIndexDb', 'deleteTagDb']);
  guarded.getItemDb = (table) => guardSubStore(store.getItemDb(table));
  guarded.getIndexDb = (kind, table, index) => guardSubStore(store.getIndexDb(kind, table, index));
  guarded.getTagDb = (table) => guardSubStore(store.getTagDb(table));
  Object.defineProperty(guarded, 'tableDb', { value: guardSubStore(store.tableDb) });
  return guarded;
}
