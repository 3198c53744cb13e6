/** A DynamoDB table as the page shows it. */
export interface TableContents {
  readonly logicalId: string;
  /** The physical name. */
  readonly name: string;
  /** The partition key, then the sort key if there is one. */
  readonly keys: readonly string[];
  /** As Scan returns them: `{"pk":{"S":"…"}}`. */
  readonly items: readonly Readonly<Record<string, object>>[];
  /** There are more items than these. */
  readonly hasMore: boolean;
}

/** Reads every table of the stack. @param limit how many items of each at most */
export type ScanTables = (limit: number) => Promise<readonly TableContents[]>;

const mostItems = 200;
/** An item may have 400 KB: docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-items */
const mostCharacters = 4096;

/** @returns JSON; `tables` is null when nobody here can read them */
export async function writeTables(scan: ScanTables | undefined): Promise<string> {
  const tables = scan === undefined ? null : await scan(mostItems);
  return JSON.stringify({ tables }, (_, value: unknown) =>
    typeof value === 'string' && value.length > mostCharacters
      ? `${value.slice(0, mostCharacters)}… (${value.length} characters)`
      : value,
  );
}
