/** A DynamoDB table on the page. */
export interface TableContents {
  readonly logicalId: string;
  /** The physical name. */
  readonly name: string;
  /** The partition key, then the sort key if there is one. */
  readonly keys: readonly string[];
  /** Plain JSON: `{"pk":"…","count":1}`. */
  readonly items: readonly Readonly<Record<string, unknown>>[];
}

/** Reads every table of the stack. @param limit the maximum number of items per table */
export type ScanTables = (limit: number) => Promise<readonly TableContents[]>;

/** The answer of /_local/tables. */
export interface TablesAnswer {
  /** Null if the tables cannot be read. */
  readonly tables: readonly ShownTable[] | null;
}

export interface ShownTable extends TableContents {
  /** Whether there are more items. */
  readonly hasMore: boolean;
}

const maxItems = 200;
/** Items can have 400 KB: docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-items */
const maxCharacters = 4096;

/** @returns a `TablesAnswer` as JSON */
export async function writeTables(scan: ScanTables | undefined): Promise<string> {
  const scanned = await scan?.(maxItems + 1);
  const tables = scanned?.map(({ items, ...table }) => ({
    ...table,
    items: items.slice(0, maxItems),
    hasMore: items.length > maxItems,
  }));
  return JSON.stringify({ tables: tables ?? null } satisfies TablesAnswer, (_, value: unknown) =>
    typeof value === 'string' && value.length > maxCharacters
      ? `${value.slice(0, maxCharacters)}… (${value.length} characters)`
      : value,
  );
}
