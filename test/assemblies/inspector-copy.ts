import { request } from 'node:http';
import { createInterface } from 'node:readline';
import type { Batch, Change, Records, TableName } from '../../local/inspector/records.ts';

/** Applies the changes that a page receives. */
export class InspectorCopy {
  readonly #tables = new Map<string, Map<string, object>>();

  apply(changes: readonly Change[]): this {
    for (const change of changes) {
      const table = this.#tables.get(change.table) ?? new Map<string, object>();
      this.#tables.set(change.table, table);
      if ('set' in change) table.set(change.key, { ...table.get(change.key), ...change.set });
      else table.delete(change.key);
    }
    return this;
  }

  all<T extends TableName>(table: T): readonly (readonly [string, Records[T]])[] {
    return [...(this.#tables.get(table) ?? [])] as [string, Records[T]][];
  }

  records<T extends TableName>(table: T): readonly Records[T][] {
    return this.all(table).map(([, record]) => record);
  }
}

export interface NamedBatch extends Batch {
  readonly name: string;
}

/** A page without a browser. */
export interface Follower {
  readonly copy: InspectorCopy;
  readonly batches: readonly NamedBatch[];
  /** Resolves when the copy has come so far. */
  until(condition: (copy: InspectorCopy) => boolean): Promise<void>;
  /** Resolves when the server ends the stream. */
  readonly ended: Promise<void>;
  close(): void;
}

/** @param inspectorUrl `http://127.0.0.1:<port>/_local` */
export function followInspector(inspectorUrl: string): Promise<Follower> {
  const batches: NamedBatch[] = [];
  const waiting = new Set<() => void>();
  let copy = new InspectorCopy();

  function read(name: string, data: string): void {
    const batch = { name, ...JSON.parse(data) } as NamedBatch;
    if (name === 'snapshot') copy = new InspectorCopy();
    copy.apply(batch.changes);
    batches.push(batch);
    for (const look of [...waiting]) look();
  }

  return new Promise((resolve, reject) => {
    const outgoing = request(`${inspectorUrl}/events`, (response) => {
      const ended = new Promise<void>((end) => response.once('close', () => end()));
      let name = '';
      const lines = createInterface({ input: response });
      lines.on('line', (line) => {
        if (line.startsWith('event: ')) name = line.slice('event: '.length);
        if (line.startsWith('data: ')) read(name, line.slice('data: '.length));
      });
      // Cut in the middle by either side, which is how such a stream ends.
      for (const each of [lines, response]) each.on('error', () => undefined);
      resolve({
        get copy() {
          return copy;
        },
        batches,
        ended,
        until: (condition) =>
          new Promise((met) => {
            const look = () => {
              if (!condition(copy)) return;
              waiting.delete(look);
              met();
            };
            waiting.add(look);
            look();
          }),
        close: () => outgoing.destroy(),
      });
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}
