import { randomInt } from 'node:crypto';
import { createClock, type MovableClock } from './clock.ts';
import { type LocalDynamoDb, startDynamoDb } from './dynamodb/server.ts';
import type { LocalTable } from './dynamodb/tables.ts';
import { startSchedules } from './eventbridge/schedule.ts';
import { createFaults, type Fault, type FaultInjection } from './faults.ts';
import { findApis, hostOf, isWebSocket, type RunningApi, startApi } from './gateway/apis.ts';
import { createCertificate } from './http/tls.ts';
import { createIam } from './iam/iam.ts';
import type { Credentials } from './iam/signature.ts';
import type { FunctionPermissions } from './iam/usage.ts';
import { createInspector } from './inspector/inspector.ts';
import { pagePath } from './inspector/serve-page.ts';
import type { TableContents } from './inspector/tables.ts';
import { createAsyncInvoker } from './lambda/async-invoke.ts';
import type { LocalFunction } from './lambda/function.ts';
import { createFunctions, type Functions } from './lambda/functions.ts';
import type { InvocationResult } from './lambda/invocation.ts';
import type { Log } from './log.ts';
import { createSecrets } from './secrets/secrets-manager.ts';
import { startServices } from './services.ts';
import { readAssembly } from './template/assembly.ts';
import { resolveStack } from './template/stack.ts';
import { watchAssembly } from './template/watch.ts';

export interface LocalCloudOptions {
  /** The folder that `cdk synth` wrote: cdk.out. */
  readonly assembly: string;
  /** Which of its stacks. @default the only one */
  readonly stack?: string;
  /** Of the WebSocket API. @default 0, any free one */
  readonly port?: number;
  /** @default that of the stack, AWS_REGION, or us-east-1 */
  readonly region?: string;
  /** @default nothing is logged */
  readonly log?: Log;
  /** How many invocations of one function run at the same time; the rest wait. @default 2 for each core */
  readonly maxEnvironmentsPerFunction?: number;
  /** The page at /_local. @default true */
  readonly inspector?: boolean;
  /** `strict` is AWS's own DynamoDB Local, which takes Java. @default dynalite */
  readonly dynamodb?: 'dynalite' | 'strict';
  /** Whether the throttles of the stages are kept. @default false: one machine is slower than they are */
  readonly throttles?: boolean;
  /** What goes wrong from the start on. @default nothing */
  readonly faults?: readonly Fault[];
  /** Of the faults: with the same one they strike in the same order of calls. @default another one each time */
  readonly seed?: number;
  /** Whether a function runs its new code when that changes on disk. @default false */
  readonly watch?: boolean;
}

/** A function as tests and the start script see it. */
export interface FunctionHandle {
  readonly name: string;
  readonly arn: string;
  /** The one that the template asks for: all run on the Node.js of this machine. */
  readonly runtime: string;
  /** How often it was invoked. */
  readonly invocations: number;
  /** How many environments were started for it. */
  readonly coldStarts: number;
  /** Invokes it and waits, as the console's Test button does. */
  invoke(event: unknown): Promise<InvocationResult>;
}

/** A running stack. Everything it holds ends with `close()`. */
export interface LocalCloud {
  /** `ws://127.0.0.1:<port>/<stage>` of the first WebSocket API. */
  readonly webSocketUrl: string;
  /** The URL of the first stage of every API, by logical id. */
  readonly apis: Readonly<Record<string, string>>;
  /** The page that shows what happens: `http://127.0.0.1:<port>/_local` */
  readonly inspectorUrl: string | undefined;
  /** The time of everything here, the functions included. */
  readonly clock: MovableClock;
  readonly faults: FaultInjection;
  /** The stack's outputs; what pointed to API Gateway points to this machine. */
  readonly outputs: Readonly<Record<string, string>>;
  readonly dynamodbEndpoint: string;
  readonly region: string;
  /** Of one who may do everything: for the developer's own tools and tests. New at each start. */
  readonly credentials: Credentials;
  /** What each function did with the permissions of its role so far. */
  permissions(): readonly FunctionPermissions[];
  /** Physical names by logical id. */
  readonly tables: Readonly<Record<string, string>>;
  /** By logical id. */
  readonly functions: Readonly<Record<string, FunctionHandle>>;
  /** The value of each secret, by logical id; new at each start. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Leaves no process, port, timer or file behind. */
  close(): Promise<void>;
}

/**
 * Runs one stack of a synthesized CDK app on this machine.
 * @throws when the template holds what cannot be run here, the port is taken, or a fault makes no sense
 */
export async function startLocalCloud(options: LocalCloudOptions): Promise<LocalCloud> {
  const ends = createEnds();
  const log: Log = (entry) => {
    if (!ends.hasBegun) options.log?.(entry);
  };
  const assembly = await readAssembly(options.assembly, options.stack);
  const region = options.region ?? assembly.region ?? process.env['AWS_REGION'] ?? 'us-east-1';
  const stack = resolveStack(assembly, region);
  const apis = findApis(stack);
  const runtimes = new Map(
    stack.ofType('AWS::Lambda::Function').map(({ logicalId, properties }) => [logicalId, properties.text('Runtime')]),
  );
  const faults = createFaults(options.seed ?? randomInt(2 ** 31), [...runtimes.keys()]);
  for (const fault of options.faults ?? []) faults.inject(fault);
  const clock = createClock();

  try {
    ends.add(clock.close);
    const certificate = await createCertificate(apis.map(hostOf));
    const iam = createIam(stack, clock);
    const dynamodb = await startDynamoDb(stack, {
      log,
      clock,
      faults,
      gate: iam.gate,
      needsOf: iam.dynamodbNeeds,
      engine: options.dynamodb ?? 'dynalite',
    });
    ends.add(dynamodb.close);
    const services = await startServices(clock, faults);
    ends.add(services.close, faults.close);
    let functions: Functions | undefined;
    ends.add(async () => functions?.close());
    const inspector =
      options.inspector === false
        ? undefined
        : createInspector({
            webSocketUrls: () => running.filter((each) => each.isWebSocket).map(urlOf),
            now: clock.now,
            scanTables: (limit) => Promise.all(dynamodb.described.map((table) => readTable(dynamodb, table, limit))),
          });
    ends.add(() => inspector?.close());
    const observe = inspector?.observe ?? (() => undefined);
    // Come before the functions when all is closed: no client is told that its message failed.
    const running: RunningApi[] = [];
    ends.add(async () => void (await Promise.all(running.map((each) => each.close()))));
    for (const api of apis) {
      const isFirst = isWebSocket(api) && !running.some((each) => each.isWebSocket);
      running.push(await startApi(stack, api, isFirst ? (options.port ?? 0) : 0, certificate, inspector));
    }
    const urls = Object.fromEntries(running.map((each) => [each.logicalId, urlOf(each)]));
    const main = running.find((each) => each.isWebSocket) as RunningApi;
    const localize = (value: string) => running.reduce(pointHere, value);

    functions = await createFunctions({
      stack,
      assembly,
      localize,
      clock,
      faults,
      observe,
      log,
      redirects: {
        hosts: Object.fromEntries(running.map(({ remoteHost, localHost }) => [remoteHost, localHost])),
        certificate: certificate.cert,
      },
      credentialsOf: iam.credentialsOf,
      endpoints: {
        dynamodb: dynamodb.endpoint,
        services: services.url,
        managementApi: `http://${main.localHost}/${main.stage}`,
      },
      ...(options.maxEnvironmentsPerFunction === undefined
        ? {}
        : { maxEnvironments: options.maxEnvironmentsPerFunction }),
    });
    const invoker = createAsyncInvoker(stack, functions, log, clock);
    ends.add(invoker.close);
    const secrets = createSecrets(stack);
    ends.add(startSchedules(stack, functions, invoker, clock, localize, log, iam.invocations));

    services.serve({ functions, invoker, secrets, gate: iam.gate, place: iam.place });
    const throttles = options.throttles ?? false;
    for (const api of running) {
      api.serve({ functions, iam, clock, faults, throttles, observe, log });
    }
    if (options.watch === true) ends.add(await watchAssembly(options, assembly, functions.all, log));
    return {
      webSocketUrl: urlOf(main),
      inspectorUrl: inspector === undefined ? undefined : `http://${main.localHost}${pagePath}`,
      apis: urls,
      clock,
      faults,
      outputs: Object.fromEntries(Object.entries(stack.outputs).map(([name, value]) => [name, localize(value)])),
      dynamodbEndpoint: dynamodb.endpoint,
      region,
      credentials: iam.administrator,
      permissions: iam.permissions,
      tables: dynamodb.tables,
      functions: Object.fromEntries(
        functions.all.map((each) => [each.logicalId, toHandle(each, runtimes.get(each.logicalId) ?? '')]),
      ),
      secrets: Object.fromEntries(secrets.map(({ logicalId, value }) => [logicalId, value])),
      close: ends.close,
    };
  } catch (error) {
    // Why it could not start is told, whatever goes wrong after that.
    await ends.close().catch(() => undefined);
    throw error;
  }
}

/** What ends the parts of a local cloud, the last that was added first. */
function createEnds() {
  const all: (() => Promise<void> | void)[] = [];
  let closing: Promise<void> | undefined;

  async function closeAll(): Promise<void> {
    const errors: unknown[] = [];
    for (const closeOne of all.reverse()) {
      // What comes after it must go as well.
      await Promise.resolve()
        .then(closeOne)
        .catch((error: unknown) => errors.push(error));
    }
    if (errors.length > 0) throw new AggregateError(errors, 'The local cloud could not be closed in full.');
  }

  return {
    get hasBegun() {
      return closing !== undefined;
    },
    add: (...ends: (() => Promise<void> | void)[]) => void all.push(...ends),
    close() {
      closing ??= closeAll();
      return closing;
    },
  };
}

function toHandle(local: LocalFunction, runtime: string): FunctionHandle {
  return {
    name: local.name,
    arn: local.arn,
    runtime,
    get invocations() {
      return local.invocations;
    },
    get coldStarts() {
      return local.coldStarts;
    },
    invoke: (event) => local.invoke(JSON.stringify(event)),
  };
}

function urlOf({ isWebSocket, localHost, stage }: RunningApi): string {
  if (isWebSocket) return `ws://${localHost}/${stage}`;
  return stage === '$default' ? `http://${localHost}` : `http://${localHost}/${stage}`;
}

async function readTable(
  dynamodb: LocalDynamoDb,
  { logicalId, name, keySchema }: LocalTable,
  limit: number,
): Promise<TableContents> {
  const keys = keySchema.map(({ AttributeName }) => AttributeName);
  return { logicalId, name, keys, items: await dynamodb.scan(name, limit) };
}

/** What points to an API on AWS points to this machine. */
function pointHere(value: string, { remoteHost, localHost }: RunningApi): string {
  return value
    .replaceAll(`https://${remoteHost}`, `http://${localHost}`)
    .replaceAll(`wss://${remoteHost}`, `ws://${localHost}`);
}
