import type { Log, LogEntry } from '../../local/index.ts';

/** All that a local cloud has told, and will tell. */
export interface LogBook {
  readonly log: Log;
  readonly entries: readonly LogEntry[];
  /** What is made of the first entry, past or to come, of which anything is made. */
  find<Found>(read: (entry: LogEntry) => Found | undefined): Promise<Found>;
}

export function createLogBook(): LogBook {
  const entries: LogEntry[] = [];
  const listeners = new Set<(entry: LogEntry) => void>();
  return {
    entries,
    log(entry) {
      entries.push(entry);
      for (const listener of [...listeners]) listener(entry);
    },
    find(read) {
      for (const entry of entries) {
        const found = read(entry);
        if (found !== undefined) return Promise.resolve(found);
      }
      return new Promise((resolve) => {
        const listener = (entry: LogEntry) => {
          const found = read(entry);
          if (found === undefined) return;
          listeners.delete(listener);
          resolve(found);
        };
        listeners.add(listener);
      });
    },
  };
}
