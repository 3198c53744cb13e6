import { AsyncLocalStorage } from 'node:async_hooks';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Method } from '../../functions/edge/dynamodb/permissions.ts';

/** IAM has no action for these operations. It checks the operations in them. */
const actionsIn: Readonly<Record<string, string>> = { TransactWriteItems: 'UpdateItem' };

/** The permissions that each method of the rows has used. Tables have names like `connections-1`. */
export class PermissionsUsed {
  readonly #method = new AsyncLocalStorage<string>();
  readonly #used = new Map<string, Set<string>>();

  watchClient(client: DynamoDBClient): void {
    const step = 'initialize';
    client.middlewareStack.add(
      (next, { commandName = '' }) =>
        (request) => {
          const operation = commandName.replace(/Command$/, '');
          for (const table of tablesIn(request.input)) this.#note(`${table} ${actionsIn[operation] ?? operation}`);
          return next(request);
        },
      { step },
    );
  }

  /** @param port by its name in `Method` */
  watch<Rows extends object>(port: string, rows: Rows): Rows {
    return new Proxy(rows, {
      get: (_, name, receiver) => {
        const member = Reflect.get(rows, name, receiver);
        if (typeof member !== 'function') return member;
        const method = `${port}.${String(name)}`;
        return (...args: unknown[]) => this.#follow(method, () => Reflect.apply(member, rows, args));
      },
    });
  }

  get byMethod(): Partial<Record<Method, readonly string[]>> {
    return Object.fromEntries([...this.#used].map(([method, used]) => [method, [...used].sort()]));
  }

  #note(permission: string): void {
    const method = this.#method.getStore();
    // Otherwise the test itself makes the request.
    if (method !== undefined) this.#used.set(method, (this.#used.get(method) ?? new Set()).add(permission));
  }

  /** Pages are read when they are consumed, after the method has returned. */
  #follow(method: string, call: () => unknown): unknown {
    const result = this.#method.run(method, call);
    if (typeof result !== 'object' || result === null || !(Symbol.asyncIterator in result)) return result;
    const pages = result as AsyncGenerator;
    return {
      next: () => this.#method.run(method, () => pages.next()),
      return: (value: unknown) => pages.return(value),
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }
}

function tablesIn(input: object): readonly string[] {
  const {
    TableName,
    RequestItems = {},
    TransactItems = [],
  } = input as {
    readonly TableName?: string;
    readonly RequestItems?: object;
    readonly TransactItems?: readonly { readonly Update: { readonly TableName: string } }[];
  };
  const names = [TableName, ...Object.keys(RequestItems), ...TransactItems.map(({ Update }) => Update.TableName)];
  return names.flatMap((name) => (name === undefined ? [] : [name.replace(/-\d+$/, '')]));
}
