import { startPublishing } from '../test/gateway/publishing.ts';
import { startTicketApp } from '../test/php/ticket-app.ts';
import { serve } from './serve.ts';

export interface PublishServer {
  readonly webSocketUrl: string;
  readonly pageUrl: string;
  /** Opens one socket within half a minute. */
  readonly ticket: string;
  /** The app that calls `publish()`, and its first argument. */
  readonly phpUrl: string;
  readonly given: readonly [credentials: object, apiUrl: string];
  /** The version and kind of PHP. */
  readonly php: string;
}

/** The gateway on the local cloud, and a PHP app that publishes to it. */
const gateway = await startPublishing();
const app = await startTicketApp({ name: 'native', prefer: 'native' });
const { appId: app_id, key, secret } = gateway.credentials;
const ready: PublishServer = {
  webSocketUrl: gateway.webSocketUrl,
  pageUrl: gateway.pageUrl,
  ticket: gateway.seal(),
  phpUrl: app.url,
  given: [{ app_id, key, secret }, gateway.apiUrl],
  php: app.php,
};
serve({
  ready,
  async close() {
    await app.close();
    await gateway.close();
  },
});
