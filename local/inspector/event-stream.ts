import type { ServerResponse } from 'node:http';
import type { Journal } from './journal.ts';
import type { Batch, Change } from './records.ts';

/** The journal as Server-Sent Events: all of it first, then what changes. */
export interface EventStream {
  open(response: ServerResponse): void;
  close(): void;
}

/** Changes travel together: a page can show no more than some twenty states a second. */
const gatherMs = 50;
/** Above that the whole journal is less than what led to it. */
const mostGathered = 2000;
/** A page that reads slower than this is sent nothing until it has caught up, so nothing piles up here. */
const mostUnsentBytes = 1024 * 1024;

interface Reader {
  readonly response: ServerResponse;
  hasMissed: boolean;
}

/** @param about what stands beside the changes of every batch */
export function createEventStream(journal: Journal, about: () => Pick<Batch, 'now' | 'webSocketUrls'>): EventStream {
  const readers = new Set<Reader>();
  const gathered = new Map<string, Change>();
  let timer: NodeJS.Timeout | undefined;
  let unfollow: (() => void) | undefined;

  function event(name: 'snapshot' | 'changes', changes: readonly Change[]): string {
    const { now, webSocketUrls } = about();
    const batch: Batch = { now, webSocketUrls, totals: journal.totals(), changes };
    return `event: ${name}\ndata: ${JSON.stringify(batch)}\n\n`;
  }

  function gather(change: Change): void {
    const name = `${change.table} ${change.key}`;
    const before = gathered.get(name);
    const isMore = before !== undefined && 'set' in before && 'set' in change;
    gathered.set(name, isMore ? { ...change, set: { ...before.set, ...change.set } } : change);
    if (gathered.size > mostGathered) {
      gathered.clear();
      for (const reader of readers) reader.hasMissed = true;
    }
    timer ??= setTimeout(send, gatherMs);
  }

  function send(): void {
    timer = undefined;
    const changes = event('changes', [...gathered.values()]);
    gathered.clear();
    let snapshot: string | undefined;
    for (const reader of readers) {
      if (reader.response.writableLength > mostUnsentBytes) {
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
    unfollow?.();
    unfollow = undefined;
    clearTimeout(timer);
    timer = undefined;
    gathered.clear();
  }

  return {
    open(response) {
      const reader: Reader = { response, hasMissed: false };
      unfollow ??= journal.follow(gather);
      readers.add(reader);
      response.on('close', () => leave(reader));
      response.on('drain', () => {
        if (reader.hasMissed) timer ??= setTimeout(send, gatherMs);
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
