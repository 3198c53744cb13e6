import type { Observe } from '../observation.ts';
import { createEventStream } from './event-stream.ts';
import { createJournal } from './journal.ts';
import { createPage, type Page } from './serve-page.ts';
import type { ScanTables } from './tables.ts';

/** The page at /_local and what feeds it. */
export interface Inspector {
  readonly observe: Observe;
  readonly page: Page;
  /** Ends the streams of open pages. */
  close(): void;
}

export interface InspectorOptions {
  /** Where clients connect to; asked each time, because the port is known late. */
  webSocketUrls(): readonly string[];
  /** The time of the local cloud. @default the machine's */
  now?(): number;
  /** @default the page says that it cannot read tables */
  readonly scanTables?: ScanTables;
}

export function createInspector({ webSocketUrls, now = Date.now, scanTables }: InspectorOptions): Inspector {
  const journal = createJournal(now);
  const stream = createEventStream(journal, () => ({ now: now(), webSocketUrls: webSocketUrls() }));
  return { observe: journal.observe, page: createPage(stream, scanTables), close: stream.close };
}
