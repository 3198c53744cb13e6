import type { Change, Records, TableName } from './records.ts';

/** The newest records of one kind: what is added above the limit drives the oldest out. */
export class Kept<T extends TableName> {
  readonly #table: T;
  readonly #limit: number;
  readonly #tell: (change: Change) => void;
  readonly #records = new Map<string, Records[T]>();

  constructor(table: T, limit: number, tell: (change: Change) => void) {
    this.#table = table;
    this.#limit = limit;
    this.#tell = tell;
  }

  /** @param firstOut what goes before the oldest */
  add(key: string, record: Records[T], firstOut?: string): void {
    this.#records.set(key, record);
    this.#tell({ table: this.#table, key, set: record });
    if (this.#records.size <= this.#limit) return;
    const oldest = firstOut ?? this.#records.keys().next().value;
    if (oldest !== undefined) this.remove(oldest);
  }

  get(key: string): Readonly<Records[T]> | undefined {
    return this.#records.get(key);
  }

  /** Nothing happens when it is no longer kept. */
  merge(key: string, fields: Partial<Records[T]>): void {
    const record = this.#records.get(key);
    if (record === undefined) return;
    Object.assign(record, fields);
    this.#tell({ table: this.#table, key, set: fields });
  }

  remove(key: string): void {
    if (this.#records.delete(key)) this.#tell({ table: this.#table, key, isGone: true });
  }

  /** What makes an empty copy equal to this. */
  changes(): readonly Change[] {
    return [...this.#records].map(([key, record]) => ({ table: this.#table, key, set: record }));
  }
}
