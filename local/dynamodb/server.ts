import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { crc32 } from 'node:zlib';
import { type Clock, createClock } from '../clock.ts';
import type { Faults, ServiceFault } from '../faults.ts';
import { parseJson, readBody } from '../http/input.ts';
import { closeServer, keepAliveMs, listenOnLoopback } from '../http/loopback.ts';
import type { Gate } from '../iam/gate.ts';
import type { Need } from '../iam/needs.ts';
import type { SignedRequest } from '../iam/signature.ts';
import type { Log } from '../log.ts';
import type { Stack } from '../template/stack.ts';
import { createDynaliteEngine } from './dynalite-engine.ts';
import { type Answer, type Call, type EngineKind, failure, internalError, type Outcome, toAnswer } from './engine.ts';
import { startStrictEngine } from './strict-engine.ts';
import { createTables, type LocalTable, type PlainItem, scanTable } from './tables.ts';
import { createExpiry } from './time-to-live.ts';

export interface DynamoDbOptions {
  /** @default 'dynalite' */
  readonly engine?: EngineKind;
  /** The clock for the expiry of items and tokens. @default the machine's */
  readonly clock?: Clock;
  /** @default everybody may do everything */
  readonly gate?: Gate;
  /** The permissions that a call needs; used only with a gate. */
  readonly needsOf?: (operation: string, input: Readonly<Record<string, unknown>>) => readonly Need[];
  /** @default nothing goes wrong */
  readonly faults?: Faults;
  readonly log?: Log;
}

export interface LocalDynamoDb {
  readonly endpoint: string;
  /** Name and version of the engine, for people. */
  readonly engine: string;
  /** Physical names by logical id. */
  readonly tables: Readonly<Record<string, string>>;
  /** The tables of the template. */
  readonly described: readonly LocalTable[];
  /** Reads a table directly: no gate, no faults. @param table the physical name */
  scan(table: string, limit: number): Promise<readonly PlainItem[]>;
  close(): Promise<void>;
}

/** Runs DynamoDB in memory with the tables of the template. Each call passes the gate, the faults and the engine. */
export async function startDynamoDb(stack: Stack, options: DynamoDbOptions = {}): Promise<LocalDynamoDb> {
  const { gate, needsOf, faults, clock = createClock() } = options;
  const kind = options.engine ?? 'dynalite';
  const engine = await (kind === 'strict' ? startStrictEngine(options.log) : createDynaliteEngine(stack, clock));
  const expiry = createExpiry(engine, clock);
  let described: readonly LocalTable[] = [];

  async function answer(request: IncomingMessage, body: Buffer): Promise<Answer> {
    const read = readCall(request, body);
    if ('status' in read) return toAnswer(read);
    const { call } = read;
    const denial = gate?.check('dynamodb', read.request, needsOf?.(call.operation, call.input) ?? []);
    if (denial !== undefined) {
      return toAnswer(failure('service', denial.errorType, denial.message, { status: denial.status }));
    }
    const fault = await faults?.beforeCall('dynamodb');
    if (fault !== undefined) return toAnswer(outcomeOfFault(fault, call, described));
    await expiry.settled();
    return perform(call);
  }

  async function perform(call: Call): Promise<Answer> {
    const changesTable = call.operation === 'UpdateTimeToLive' || call.operation === 'DeleteTable';
    // The engine may change the input.
    const input = changesTable ? structuredClone(call.input) : undefined;
    const answered = await engine.answer(call);
    if (input !== undefined && answered.status === 200) {
      const { Enabled, AttributeName } = (input['TimeToLiveSpecification'] ?? {}) as Readonly<Record<string, unknown>>;
      expiry.watch(String(input['TableName']), Enabled === true ? String(AttributeName) : undefined);
    }
    return answered;
  }

  const server = createServer((request, response) => {
    // SDKs set their clock by this header, so it must come from the clock that checks their signatures.
    response.setHeader('Date', new Date(clock.now()).toUTCString());
    serve(request, response, stack.region, answer).catch(() => response.destroy());
  });
  server.keepAliveTimeout = keepAliveMs;
  const close = async () => {
    await closeServer(server);
    await expiry.close();
    await engine.close();
  };
  try {
    described = await createTables(engine, stack);
    for (const { name, timeToLiveAttribute } of described) expiry.watch(name, timeToLiveAttribute);
    const port = await listenOnLoopback(server);
    return {
      endpoint: `http://127.0.0.1:${port}`,
      engine: engine.name,
      tables: Object.fromEntries(described.map(({ logicalId, name }) => [logicalId, name])),
      described,
      async scan(table, limit) {
        await expiry.settled();
        return scanTable(engine, table, limit);
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  region: string,
  answer: (request: IncomingMessage, body: Buffer) => Promise<Answer>,
): Promise<void> {
  const body = await readBody(request, maxRequestBytes);
  if (body === 'too long') return void response.writeHead(413, { Connection: 'close' }).end();
  if (request.method === 'GET')
    return send(response, { status: 200, body: `healthy: dynamodb.${region}.amazonaws.com ` });
  const type = request.headers['content-type']?.split(';')[0]?.trim();
  const isKnownType = type === 'application/x-amz-json-1.0' || type === 'application/json';
  if (request.method !== 'POST' || (body.length > 0 && !isKnownType)) {
    return send(response, { status: 404, body: '<UnknownOperationException/>\n' });
  }
  const answered = await answer(request, body).catch(() => toAnswer(internalError()));
  send(response, answered, type);
}

function send(response: ServerResponse, { status, body }: Answer, type?: string): void {
  response.writeHead(status, {
    'x-amzn-RequestId': randomUUID(),
    // Some AWS clients check it.
    'x-amz-crc32': crc32(body),
    ...(type === undefined ? {} : { 'Content-Type': type }),
    'Content-Length': Buffer.byteLength(body),
  });
  // A string, so that Node sends headers and body in one packet.
  response.end(body);
}

const ofItems = /Item|^Query$|^Scan$|Statement|ExecuteTransaction/;

/**
 * On-demand tables and table changes get a ThrottlingException:
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
 */
function outcomeOfFault(fault: ServiceFault, call: Call, tables: readonly LocalTable[]): Outcome {
  if (fault === 'fail') return internalError();
  const isOnDemand = tables.some(({ name, isOnDemand }) => isOnDemand && name === call.input['TableName']);
  if (isOnDemand || !ofItems.test(call.operation)) {
    return failure('availability', 'ThrottlingException', 'Rate of requests exceeds the allowed throughput.');
  }
  const message = 'You exceeded your maximum allowed provisioned throughput for a table or for one of its indexes.';
  return failure('dynamodb', 'ProvisionedThroughputExceededException', message);
}

interface SignedCall {
  readonly call: Call;
  readonly request: SignedRequest;
}

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html: a batch of 25 items of 400 KB is 16 MB. */
export const maxRequestBytes = 16 * 1024 * 1024;

const targets = /^(DynamoDB_20120810|DynamoDBStreams_20120810)\.([A-Za-z]+)$/;

/** Checks in DynamoDB's order, as far as dynalite's authors found out. The gate checks the signature. */
function readCall({ method = '', url = '/', headers }: IncomingMessage, body: Buffer): SignedCall | Outcome {
  const input = parseJson(body.toString('utf8'));
  if (body.length > 0 && input === undefined) return failure('service', 'SerializationException', 'This is no JSON.');

  const target = String(headers['x-amz-target'] ?? '');
  const operation = targets.exec(target)?.[2];
  if (operation === undefined) return failure('service', 'UnknownOperationException', 'There is no such operation.');

  if (!isSigned(headers.authorization, url)) {
    const message = 'Request is missing Authentication Token';
    return failure('service', 'MissingAuthenticationTokenException', message);
  }
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    return failure('service', 'SerializationException', 'This is no JSON object.');
  }
  return {
    call: { target, operation, input: input as Record<string, unknown>, body },
    request: { method, url, headers, body },
  };
}

function isSigned(authorization: string | undefined, url: string): boolean {
  return authorization?.startsWith('AWS4-') === true || url.includes('X-Amz-Algorithm=');
}
