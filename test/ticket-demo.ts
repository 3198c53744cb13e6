import { findFreePort } from '../local/free-port.ts';
import { startPhpServer } from '../local/php-server.ts';
import { type Gateway, startGateway } from './gateway.ts';

/** The gateway in mode `ticket` and the PHP demo, which share credentials: a logout there closes sockets here. */
export interface TicketDemo extends Gateway {
  readonly pageUrl: string;
  /** Of the HTTP API. */
  readonly apiUrl: string;
  readonly credentials: { readonly appId: string; readonly key: string; readonly secret: string };
  /** Which PHP answers, and what it complained about. */
  readonly php: string;
  readonly complaints: readonly string[];
}

/** @param context CDK context beside the usual */
export async function startTicketDemo(context: Readonly<Record<string, string>> = {}): Promise<TicketDemo> {
  const port = await findFreePort();
  const pageUrl = `http://127.0.0.1:${port}`;
  const endpoint = { sessionEndpoint: `${pageUrl}/getSessionID`, allowedOrigins: pageUrl };
  const gateway = await startGateway({ ...endpoint, mode: 'ticket', ...context });
  const [apiUrl = ''] = Object.entries(gateway.cloud.apis).flatMap(([id, url]) => (id.includes('Http') ? [url] : []));
  const [secret = ''] = Object.values(gateway.cloud.secrets);
  const credentials = JSON.parse(secret);
  const complaints: string[] = [];
  const php = await startPhpServer({
    root: 'php',
    router: 'demo/index.php',
    port,
    environment: {
      SESSION_SOCKET_URL: gateway.webSocketUrl,
      SESSION_SOCKET_API_URL: apiUrl,
      SESSION_SOCKET_APP_ID: credentials.appId,
      SESSION_SOCKET_KEY: credentials.key,
      SESSION_SOCKET_SECRET: credentials.secret,
    },
    log: (line) => complaints.push(line),
  });
  return {
    ...gateway,
    pageUrl,
    apiUrl,
    credentials,
    php: php.php,
    complaints,
    async close() {
      await gateway.close();
      await php.close();
    },
  };
}
