import { createServer } from 'node:http';
import { closeServer, listenOnLoopback } from '../../local/http/loopback.ts';
import { createInspector } from '../../local/inspector/inspector.ts';
import { isPageUrl } from '../../local/inspector/page.ts';
import { Morning, morningSeconds, shopTables } from './shop-morning.ts';

/** The page with a story instead of a cloud behind it: always the same one, so that it can be photographed. */
export interface Story {
  readonly url: string;
  close(): Promise<void>;
}

/** Tells all of it at once, as if it had taken its time and ended now. */
export async function startStory(): Promise<Story> {
  let toldAt: number | undefined = Date.now() - morningSeconds * 1000;
  const inspector = createInspector({
    webSocketUrls: () => ['ws://127.0.0.1:4000/live'],
    scanTables: async () => shopTables(Date.now()),
    now: () => toldAt ?? Date.now(),
  });
  const pass = (seconds: number) => {
    toldAt = (toldAt ?? 0) + seconds * 1000;
  };
  new Morning(inspector.observe, pass).tell();
  toldAt = undefined;

  const server = createServer((request, response) => {
    if (!inspector.page(request, response)) response.writeHead(404).end();
  });
  const port = await listenOnLoopback(server, 0, isPageUrl);
  return {
    url: `http://127.0.0.1:${port}/_local`,
    async close() {
      inspector.close();
      await closeServer(server);
    },
  };
}
