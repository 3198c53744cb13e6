import { join } from 'node:path';
import { ticketEnvironment } from '../bin/ticket-environment.ts';
import { findFreePort } from '../local/free-port.ts';
import { type PhpServer, startPhpServer } from '../local/php-server.ts';
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
  /** CDK context beside the usual. */
  readonly context?: Readonly<Record<string, string>>;
  /** What PHP complains about. */
  readonly log?: (line: string) => void;
}

export async function startDemo({
  app = { root: 'php', router: 'demo/index.php' },
  hello = false,
  context = {},
  log,
}: DemoOptions = {}): Promise<Demo> {
  // Known before PHP starts, because the template names the page's origin.
  const pageUrl = `http://127.0.0.1:${await findFreePort()}`;
  const gateway = await startGateway({
    sessionEndpoint: `${pageUrl}/getSessionID`,
    allowedOrigins: pageUrl,
    hello: String(hello),
    ...context,
  });
  const php = await startPhpServer({
    root: join(import.meta.dirname, '..', app.root),
    router: app.router,
    port: Number(new URL(pageUrl).port),
    environment: {
      SESSION_SOCKET_URL: gateway.webSocketUrl,
      ...(context.mode === 'ticket' ? ticketEnvironment(gateway.cloud) : {}),
    },
    ...(log === undefined ? {} : { log }),
  });
  return {
    ...gateway,
    pageUrl,
    php,
    async close() {
      await gateway.close();
      await php.close();
    },
  };
}
