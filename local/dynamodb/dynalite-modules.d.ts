// The parts of dynalite 4.0.0 that we use: its operations as functions, without its HTTP server. They are undocumented,
// so the version is exact and the suites of test/contract run on it.

declare module 'dynalite/db/index.js' {
  import type { Reply, Store, Table } from 'dynalite/store';

  const db: {
    create(options: { createTableMs: number; deleteTableMs: number; updateTableMs: number }): Store;
    /** @returns an error to answer with, or nothing */
    validateKey(key: unknown, table: Table): Reply | null | undefined;
    validateItem(item: unknown, table: Table): Reply | null | undefined;
    createKey(keyOrItem: unknown, table: Table): string;
    checkConditional(data: object, item: object | undefined): Reply | null | undefined;
    updateIndexes(
      store: Store,
      table: Table,
      oldItem: object | undefined,
      newItem: object | undefined,
      done: (error?: Error | null) => void,
    ): void;
  };
  export = db;
}

declare module 'dynalite/validations/index.js' {
  import type { Store } from 'dynalite/store';

  const validations: {
    /** Removes unknown members from `data`. @throws a Reply */
    checkTypes(data: object, types: object): Record<string, unknown>;
    /** Adds the parsed expressions to `data`. @throws a Reply */
    checkValidations(data: object, types: object, custom: unknown, store: Store): void;
  };
  export = validations;
}

/** Not a real module of dynalite: it only declares types. */
declare module 'dynalite/store' {
  /** An error that is an answer. */
  export interface Reply extends Error {
    readonly statusCode: number;
    readonly body: { readonly __type: string; readonly message?: string; readonly Message?: string };
  }

  export interface KeyElement {
    readonly AttributeName: string;
    readonly KeyType: 'HASH' | 'RANGE';
  }

  export interface Index {
    readonly IndexName: string;
    readonly KeySchema: readonly KeyElement[];
    readonly [more: string]: unknown;
  }

  export interface Table {
    TableName: string;
    KeySchema: readonly KeyElement[];
    TableStatus: string;
    TableArn: string;
    AttributeDefinitions: readonly { readonly AttributeName: string; readonly AttributeType: 'S' | 'N' | 'B' }[];
    GlobalSecondaryIndexes?: readonly Index[];
    LocalSecondaryIndexes?: readonly Index[];
    BillingModeSummary?: { readonly BillingMode: string };
  }

  type Done<T> = (error: Error | null, value: T) => void;
  type Release = (done: (...results: never[]) => void) => (...results: never[]) => void;

  export interface SubStore {
    get(key: string, done: Done<object | undefined>): void;
    put(key: string, value: object, done: Done<void>): void;
    del(key: string, done: Done<void>): void;
    batch(operations: readonly object[], done: Done<void>): void;
    lock(key: string | readonly string[], run: (release: Release) => void): void;
    createKeyStream(options?: object): NodeJS.ReadableStream;
    createValueStream(options?: object): NodeJS.ReadableStream;
    awsAccountId?: string;
    awsRegion?: string;
  }

  export interface Store {
    readonly options: object;
    readonly tableDb: SubStore;
    getTable(name: string, checkStatus: boolean | Done<Table>, done?: Done<Table>): void;
    getItemDb(table: string): SubStore;
    getIndexDb(kind: string, table: string, index: string): SubStore;
    getTagDb(table: string): SubStore;
    deleteItemDb(table: string, done: Done<void>): void;
    deleteTagDb(table: string, done: Done<void>): void;
    deleteIndexDb(kind: string, table: string, index: string, done: Done<void>): void;
  }
}
