import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { readCredentials } from '../../bin/php-environment.ts';
import type { PusherCredentials } from '../../functions/core/keys/credentials.ts';
import type { Entry } from '../../lib/bundle.ts';
import {
  type InvocationResult,
  type LocalCloud,
  type LocalCloudOptions,
  type LogEntry,
  readAssembly,
  startLocalCloud,
} from '../../local/index.ts';
import { assetKey } from '../../local/template/watch.ts';
import { createLogBook, type LogBook } from '../assemblies/log-book.ts';
import { synthesizeGateway } from '../assemblies/synthesize.ts';

/** The template that would be deployed, on the local cloud. */
export interface Gateway {
  readonly webSocketUrl: string;
  readonly cloud: LocalCloud;
  /** The credentials that PHP has. */
  readonly credentials: PusherCredentials;
  /** All log entries of the local cloud so far. */
  readonly log: readonly LogEntry[];
  /** The statuses of the handshakes so far. */
  handshakes(): readonly number[];
  /** The JSON lines that our functions have logged. */
  records(): readonly LogRecord[];
  /** The first result other than undefined for a log entry, past or future. */
  told: LogBook['find'];
  /** The first matching line, past or future. */
  logged(fits: (record: LogRecord) => boolean): Promise<LogRecord>;
  /** The rows of a table, by the first part of its logical id. */
  rows(table: string): Promise<readonly unknown[]>;
  invocations(functionName: string): number;
  /** Runs a function as its schedule would, or with this event, and waits for its end. */
  invoke(functionName: string, event?: unknown): Promise<InvocationResult>;
  /** Writes another bundle over that of a Lambda, with the option `watch`; resolves once the function runs it. */
  replaceCode(entry: Entry, bundle: Buffer): Promise<void>;
  close(): Promise<void>;
}

export type LogRecord = Readonly<Record<string, unknown>>;

/** PHP may answer late on a busy machine. test/integration/php-moods.test.ts tests the timeout itself. */
const patient = { sessionTimeoutMs: '10000' };

export type GatewayOptions = Pick<LocalCloudOptions, 'maxEnvironmentsPerFunction' | 'throttles' | 'watch'>;

/** @param context CDK context, like `-c name=value` */
export async function startGateway(
  context: Readonly<Record<string, string>>,
  options: GatewayOptions = {},
): Promise<Gateway> {
  const assembly = await synthesizeGateway({ ...patient, ...context });
  const book = createLogBook();
  const cloud = await startLocalCloud({ assembly: assembly.folder, log: book.log, ...options });
  const dynamodb = new DynamoDBClient({
    endpoint: cloud.dynamodbEndpoint,
    region: cloud.region,
    credentials: cloud.credentials,
  });
  return {
    webSocketUrl: cloud.webSocketUrl,
    cloud,
    credentials: readCredentials(cloud),
    log: book.entries,
    handshakes: () => book.entries.flatMap((entry) => (entry.kind === 'handshake' ? [entry.status] : [])),
    records: () => book.entries.map(recordIn).filter((record) => record !== undefined),
    told: book.find,
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
    invoke: (functionName, event = {}) => pick(cloud.functions, functionName).invoke(event),
    async replaceCode(entry, bundle) {
      const { template, assetFolder } = await readAssembly(assembly.folder);
      const ids = Object.keys(template.Resources).filter(
        (id) => template.Resources[id]?.Type === 'AWS::Lambda::Function',
      );
      // Logical ids stay as they were when the function had another name.
      const name = entry === 'http-api' ? 'publish' : entry;
      const id = ids.find((each) => each.toLowerCase().includes(`${name}function`)) ?? '';
      const folder = assetFolder(assetKey(template, id) ?? '');
      if (folder === undefined) throw new Error(`The template has no function ${entry}.`);
      const before = book.entries.length;
      await writeFile(join(folder, 'index.js'), bundle);
      const isReloaded = (each: LogEntry) => each.kind === 'function-reloaded' && each.function === id;
      await book.find((each) => (isReloaded(each) && book.entries.indexOf(each) >= before ? true : undefined));
    },
    async close() {
      dynamodb.destroy();
      await cloud.close();
      await assembly.remove();
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
