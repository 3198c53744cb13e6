import type { Batch, ConnectionRecord, Records, TableName, Totals } from '../records.ts';

export type Tables = { readonly [T in TableName]: ReadonlyMap<string, Readonly<Records[T]>> };

/** A copy of the local cloud's journal. It decides nothing: what goes and what stays comes with the changes. */
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
    // The first change of a record has all of its fields.
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

/** The newest first. */
export function newest<Entry>(table: Iterable<Entry>): Entry[] {
  return [...table].reverse();
}

/** Whom the authorizer said it is. */
export const who = (connection: ConnectionRecord | undefined) => connection?.context?.['principalId'] ?? 'no name';

/** `SessionSocketAuthorizer3F2A1B9C`: CDK's hash helps nobody. */
export const functionName = (name: string) => name.replace(/(?<=[a-z])[0-9A-F]{8}$/, '');

/** How soon the next attempt follows. It is this machine: nobody is spared by waiting longer. */
const retryMs = 1000;

export type StreamState = 'live' | 'gone' | 'paused';

export interface Stream {
  readonly isPaused: boolean;
  toggle(): void;
}

/**
 * Follows /_local/events: everything first, then what changes. Each attempt begins anew, so nothing can be missing after a gap.
 * @param onBatch told a batch, and whether it is everything
 */
export function followEvents(
  onState: (state: StreamState) => void,
  onBatch: (batch: Batch, isEverything: boolean) => void,
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

  // A page that nobody looks at costs nothing, and comes back with everything.
  document.addEventListener('visibilitychange', () => {
    if (isPaused) return;
    if (document.hidden) stop();
    else open();
  });
  // A browser opens few connections to one host: a page that was left must not keep one.
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
