import type { Batch, ConnectionRecord, Records, TableName, Totals } from '../records.ts';

export type Tables = { readonly [T in TableName]: ReadonlyMap<string, Readonly<Records[T]>> };

/** A copy of the local cloud's journal. It only applies changes; the journal decides which records stay. */
export interface Mirror {
  readonly tables: Tables;
  readonly totals: Totals;
  readonly webSocketUrls: readonly string[];
  clear(): void;
  apply(batch: Batch): void;
}

export function createMirror(): Mirror {
  const tables = {
    connections: new Map<string, object>(),
    refusals: new Map<string, object>(),
    messages: new Map<string, object>(),
    invocations: new Map<string, object>(),
    lines: new Map<string, object>(),
  };
  let totals: Totals = { open: 0, handshakes: 0, refused: 0, messages: 0, invocations: 0, errors: 0 };
  let webSocketUrls: readonly string[] = [];

  return {
    // The first change of a record contains all fields.
    tables: tables as unknown as Tables,
    get totals() {
      return totals;
    },
    get webSocketUrls() {
      return webSocketUrls;
    },
    clear() {
      for (const table of Object.values(tables)) table.clear();
    },
    apply(batch) {
      totals = batch.totals;
      webSocketUrls = batch.webSocketUrls;
      for (const change of batch.changes) {
        const table = tables[change.table];
        if ('set' in change) table.set(change.key, { ...table.get(change.key), ...change.set });
        else table.delete(change.key);
      }
    },
  };
}

/** Newest first. */
export function newest<Entry>(table: Iterable<Entry>): Entry[] {
  return [...table].reverse();
}

/** The connection's principal, from the authorizer. */
export const principalOf = (connection: ConnectionRecord | undefined) =>
  connection?.context?.['principalId'] ?? 'no name';

/** Removes CDK's hash, as in `SessionSocketAuthorizer3F2A1B9C`. */
export const functionName = (name: string) => name.replace(/(?<=[a-z])[0-9A-F]{8}$/, '');

/** The retry delay. It is constant, because the server is this machine. */
const retryMs = 1000;

export type StreamState = 'live' | 'gone' | 'paused';

export interface Stream {
  readonly isPaused: boolean;
  toggle(): void;
}

/**
 * Follows /_local/events: first a snapshot, then changes. Each attempt starts with a snapshot, so no gap can lose data.
 * @param onBatch called with a batch, and whether it is a snapshot
 */
export function followEvents(
  onState: (state: StreamState) => void,
  onBatch: (batch: Batch, isSnapshot: boolean) => void,
): Stream {
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isPaused = false;

  function open(): void {
    stop();
    source = new EventSource('/_local/events');
    source.addEventListener('snapshot', ({ data }) => {
      onState('live');
      onBatch(JSON.parse(data) as Batch, true);
    });
    source.addEventListener('changes', ({ data }) => onBatch(JSON.parse(data) as Batch, false));
    source.addEventListener('error', () => {
      stop();
      onState('gone');
      timer = setTimeout(open, retryMs);
    });
  }

  function stop(): void {
    clearTimeout(timer);
    source?.close();
  }

  // A hidden page disconnects, and gets a snapshot when it is visible again.
  document.addEventListener('visibilitychange', () => {
    if (isPaused) return;
    if (document.hidden) stop();
    else open();
  });
  // Browsers limit the connections per host, so a page that is left must close its own.
  window.addEventListener('pagehide', stop);
  window.addEventListener('pageshow', ({ persisted }) => {
    if (persisted && !isPaused) open();
  });
  open();

  return {
    get isPaused() {
      return isPaused;
    },
    toggle() {
      isPaused = !isPaused;
      if (!isPaused) return open();
      stop();
      onState('paused');
    },
  };
}
