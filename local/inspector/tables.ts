/** A DynamoDB table as the page shows it. */
export interface TableContents {
  readonly logicalId: string;
  /** The physical name. */
  readonly name: string;
  /** The partition key, then the sort key if there is one. */
  readonly keys: readonly string[];
  /** As a person writes them: `{"pk":"…","count":1}`. */
  readonly items: readonly Readonly<Record<string, unknown>>[];
}

/** Reads every table of the stack. @param limit how many items of each at most */
export type ScanTables = (limit: number) => Promise<readonly TableContents[]>;

/** What /_local/tables answers. */
export interface TablesAnswer {
  /** Null when nobody here can read them. */
  readonly tables: readonly ShownTable[] | null;
}

export interface ShownTable extends TableContents {
  /** Whether there are items that are not shown. */
  readonly hasMore: boolean;
}

const mostItems = 200;
/** An item may have 400 KB: docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-items */
const mostCharacters = 4096;

/** @returns a `TablesAnswer` as JSON */
export async function writeTables(scan: ScanTables | undefined): Promise<string> {
  const scanned = await scan?.(mostItems + 1);
  const tables = scanned?.map(({ items, ...table }) => ({
    ...table,
    items: items.slice(0, mostItems),
    hasMore: items.length > mostItems,
  }));
  return JSON.stringify({ tables: tables ?? null } satisfies TablesAnswer, (_, value: unknown) =>
    typeof value === 'string' && value.length > mostCharacters
      ? `${value.slice(0, mostCharacters)}… (${value.length} characters)`
      : value,
  );
}
