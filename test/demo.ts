import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { synthesize } from '../bin/synthesize.ts';
import { findFreePort } from '../local/free-port.ts';
import { type LocalCloud, type LogEntry, startLocalCloud } from '../local/index.ts';
import { type PhpServer, startPhpServer } from '../local/php-server.ts';
import { createLogBook } from './log-book.ts';

/** The template that would be deployed, on the local cloud, with the PHP demo beside it. */
export interface Demo {
  readonly pageUrl: string;
  readonly webSocketUrl: string;
  readonly cloud: LocalCloud;
  readonly php: PhpServer;
  /** All that the local cloud has told so far. */
  readonly log: readonly LogEntry[];
  /** The statuses that handshakes got. */
  handshakes(): readonly number[];
  /** The JSON lines that our functions have logged. */
  records(): readonly LogRecord[];
  /** The first such line, logged or to come, that fits. */
  logged(fits: (record: LogRecord) => boolean): Promise<LogRecord>;
  /** What is in a table, by the first part of its logical id. */
  rows(table: string): Promise<readonly unknown[]>;
  invocations(functionName: string): number;
  close(): Promise<void>;
}

export type LogRecord = Readonly<Record<string, unknown>>;

export interface DemoOptions {
  /** The PHP app's folder, from the project's root, and its front controller. */
  readonly app?: { readonly root: string; readonly router: string };
  readonly hello?: boolean;
  /** CDK context beside the usual. */
  readonly context?: Readonly<Record<string, string>>;
}

export async function startDemo({
  app = { root: 'php', router: 'demo/index.php' },
  hello = false,
  context = {},
}: DemoOptions = {}): Promise<Demo> {
  // Known before PHP starts, because the template names the page's origin.
  const pageUrl = `http://127.0.0.1:${await findFreePort()}`;
  const assembly = await mkdtemp(join(tmpdir(), 'session-socket-test-'));
  const book = createLogBook();
  await synthesize(
    {
      sessionEndpoint: `${pageUrl}/getSessionID`,
      allowedOrigins: pageUrl,
      hello: String(hello),
      ...context,
    },
    assembly,
  );
  const cloud = await startLocalCloud({ assembly, log: book.log });
  const php = await startPhpServer({
    root: join(import.meta.dirname, '..', app.root),
    router: app.router,
    port: Number(new URL(pageUrl).port),
    environment: { SESSION_SOCKET_URL: cloud.webSocketUrl },
  });
  const dynamodb = new DynamoDBClient({
    endpoint: cloud.dynamodbEndpoint,
    region: cloud.region,
    credentials: cloud.credentials,
  });
  return {
    pageUrl,
    webSocketUrl: cloud.webSocketUrl,
    cloud,
    php,
    log: book.entries,
    handshakes: () => book.entries.flatMap((entry) => (entry.kind === 'handshake' ? [entry.status] : [])),
    records: () => book.entries.map(recordIn).filter((record) => record !== undefined),
    logged: (fits) =>
      book.find((entry) => {
        const record = recordIn(entry);
        return record !== undefined && fits(record) ? record : undefined;
      }),
    async rows(table) {
      const answer = await dynamodb.send(new ScanCommand({ TableName: pick(cloud.tables, table) }));
      return answer.Items ?? [];
    },
    invocations: (functionName) => pick(cloud.functions, functionName).invocations,
    async close() {
      dynamodb.destroy();
      await cloud.close();
      await php.close();
      await rm(assembly, { recursive: true, force: true });
    },
  };
}

function recordIn(entry: LogEntry): LogRecord | undefined {
  if (entry.kind !== 'function-output' || !entry.line.startsWith('{')) return undefined;
  return JSON.parse(entry.line) as LogRecord;
}

/** By the readable part of a logical id: `SessionSocketTablesConnectionsA809E291` has `Connections`. */
function pick<Value>(values: Readonly<Record<string, Value>>, name: string): Value {
  const found = Object.entries(values).find(([logicalId]) => logicalId.includes(name));
  if (found === undefined) throw new Error(`The template has no ${name}.`);
  return found[1];
}
