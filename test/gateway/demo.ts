import { join } from 'node:path';
import { ticketEnvironment } from '../../bin/php-environment.ts';
import { shareDomain } from '../../bin/shared-domain.ts';
import { findFreePort } from '../../local/http/loopback.ts';
import { type PhpServer, startPhpServer } from '../../serve/php-server.ts';
import { type Gateway, startGateway } from './gateway.ts';

export type { LogRecord } from './gateway.ts';

/** The gateway with the PHP demo beside it. */
export interface Demo extends Gateway {
  readonly pageUrl: string;
  readonly php: PhpServer;
}

export interface DemoOptions {
  /** The PHP app's folder, from the project's root, and its front controller. */
  readonly app?: { readonly root: string; readonly router: string };
  readonly hello?: boolean;
  /** Of page and socket: mode `cookie`. Node.js does not find its hosts, a browser that is told to does. */
  readonly domain?: string;
  /** CDK context beside the usual. */
  readonly context?: Readonly<Record<string, string>>;
  /** What else `getenv()` knows in PHP. */
  readonly environment?: Readonly<Record<string, string>>;
  /** What PHP complains about. */
  readonly log?: (line: string) => void;
}

export async function startDemo({
  app = { root: 'php', router: 'demo/index.php' },
  hello = false,
  domain,
  context = {},
  environment = {},
  log,
}: DemoOptions = {}): Promise<Demo> {
  // Known before PHP starts, because the template names the page's origin.
  const phpUrl = `http://127.0.0.1:${await findFreePort()}`;
  const port = Number(new URL(phpUrl).port);
  const shared = domain === undefined ? undefined : shareDomain(port, domain);
  const pageUrl = shared?.pageUrl ?? phpUrl;
  const way: typeof context = { ...shared?.context, ...context };
  const gateway = await startGateway({
    sessionEndpoint: `${phpUrl}/getSessionID`,
    allowedOrigins: pageUrl,
    hello: String(hello),
    ...way,
  });
  const webSocketUrl = shared?.socketUrlOf(gateway.webSocketUrl) ?? gateway.webSocketUrl;
  const php = await startPhpServer({
    root: join(import.meta.dirname, '..', '..', app.root),
    router: app.router,
    port,
    environment: {
      SESSION_SOCKET_URL: webSocketUrl,
      // Without them the demo answers with the session id itself.
      ...(['session-id', 'status'].includes(way['mode'] ?? 'ticket') ? {} : ticketEnvironment(gateway.cloud)),
      ...shared?.environment,
      ...environment,
    },
    ...(log === undefined ? {} : { log }),
  });
  return {
    ...gateway,
    webSocketUrl,
    pageUrl,
    php,
    async close() {
      await gateway.close();
      await php.close();
    },
  };
}
