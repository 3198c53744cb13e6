import type { Observe } from '../observation.ts';
import { createEventStream } from './event-stream.ts';
import { createJournal } from './journal.ts';
import { createPage, type Page } from './serve-page.ts';
import type { ScanTables } from './tables.ts';

/** The page at /_local and its data. */
export interface Inspector {
  readonly observe: Observe;
  readonly page: Page;
  /** Closes the streams of open pages. */
  close(): void;
}

export interface InspectorOptions {
  /** The URLs for clients. A function, because the port is known late. */
  webSocketUrls(): readonly string[];
  /** The clock of the local cloud. @default the machine's clock */
  now?(): number;
  /** @default the page shows no tables */
  readonly scanTables?: ScanTables;
}

export function createInspector({ webSocketUrls, now = Date.now, scanTables }: InspectorOptions): Inspector {
  const journal = createJournal(now);
  const stream = createEventStream(journal, () => ({ now: now(), webSocketUrls: webSocketUrls() }));
  return { observe: journal.observe, page: createPage(stream, scanTables), close: stream.close };
}
