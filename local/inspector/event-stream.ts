import type { ServerResponse } from 'node:http';
import type { Journal } from './journal.ts';
import type { Batch, Change } from './records.ts';

/** The journal as Server-Sent Events: first a snapshot, then changes. */
export interface EventStream {
  open(response: ServerResponse): void;
  close(): void;
}

/** Changes are sent in batches: a page shows at most about twenty states a second. */
const batchMs = 50;
/** With more changes than this, a snapshot is smaller. */
const maxPending = 2000;
/** A slower page gets no data until it has caught up, so data cannot pile up here. */
const maxUnsentBytes = 1024 * 1024;

interface Reader {
  readonly response: ServerResponse;
  hasMissed: boolean;
}

/** @param about the data that every batch contains besides the changes */
export function createEventStream(journal: Journal, about: () => Pick<Batch, 'now' | 'webSocketUrls'>): EventStream {
  const readers = new Set<Reader>();
  const pending = new Map<string, Change>();
  let timer: NodeJS.Timeout | undefined;
  let unsubscribe: (() => void) | undefined;

  function event(name: 'snapshot' | 'changes', changes: readonly Change[]): string {
    const { now, webSocketUrls } = about();
    const batch: Batch = { now, webSocketUrls, totals: journal.totals(), changes };
    return `event: ${name}\ndata: ${JSON.stringify(batch)}\n\n`;
  }

  function enqueue(change: Change): void {
    const name = `${change.table} ${change.key}`;
    const before = pending.get(name);
    const isMore = before !== undefined && 'set' in before && 'set' in change;
    pending.set(name, isMore ? { ...change, set: { ...before.set, ...change.set } } : change);
    if (pending.size > maxPending) {
      pending.clear();
      for (const reader of readers) reader.hasMissed = true;
    }
    timer ??= setTimeout(send, batchMs);
  }

  function send(): void {
    timer = undefined;
    const changes = event('changes', [...pending.values()]);
    pending.clear();
    let snapshot: string | undefined;
    for (const reader of readers) {
      if (reader.response.writableLength > maxUnsentBytes) {
        reader.hasMissed = true;
        continue;
      }
      if (!reader.hasMissed) {
        reader.response.write(changes);
        continue;
      }
      reader.hasMissed = false;
      snapshot ??= event('snapshot', journal.snapshot());
      reader.response.write(snapshot);
    }
  }

  function leave(reader: Reader): void {
    readers.delete(reader);
    if (readers.size > 0) return;
    unsubscribe?.();
    unsubscribe = undefined;
    clearTimeout(timer);
    timer = undefined;
    pending.clear();
  }

  return {
    open(response) {
      const reader: Reader = { response, hasMissed: false };
      unsubscribe ??= journal.subscribe(enqueue);
      readers.add(reader);
      response.on('close', () => leave(reader));
      response.on('drain', () => {
        if (reader.hasMissed) timer ??= setTimeout(send, batchMs);
      });
      response.write(event('snapshot', journal.snapshot()));
    },
    close() {
      for (const reader of [...readers]) {
        leave(reader);
        reader.response.end();
      }
    },
  };
}
