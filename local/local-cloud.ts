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
  /** The output folder of `cdk synth`: cdk.out. */
  readonly assembly: string;
  /** The stack to run. @default the only one */
  readonly stack?: string;
  /** The port of the WebSocket API. @default 0, any free port */
  readonly port?: number;
  /** @default the stack's region, AWS_REGION, or us-east-1 */
  readonly region?: string;
  /** @default nothing is logged */
  readonly log?: Log;
  /** The maximum number of concurrent invocations per function; more wait. @default 2 per core */
  readonly maxEnvironmentsPerFunction?: number;
  /** Whether to serve the page at /_local. @default true */
  readonly inspector?: boolean;
  /** `strict` is AWS's DynamoDB Local, which needs Java. @default dynalite */
  readonly dynamodb?: 'dynalite' | 'strict';
  /** Whether to apply the throttles of the stages. @default false, because one machine is slower than they are */
  readonly throttles?: boolean;
  /** Faults to inject from the start. @default none */
  readonly faults?: readonly Fault[];
  /** The seed of the faults. The same seed applies them to the same order of calls. @default random */
  readonly seed?: number;
  /** Whether functions reload their code when it changes on disk. @default false */
  readonly watch?: boolean;
}

/** A function, for tests and the start script. */
export interface FunctionHandle {
  readonly name: string;
  readonly arn: string;
  /** The runtime in the template. All functions run on this machine's Node.js. */
  readonly runtime: string;
  /** The number of invocations. */
  readonly invocations: number;
  /** The number of started environments. */
  readonly coldStarts: number;
  /** Invokes the function and waits for the result, like the Test button of the AWS console. */
  invoke(event: unknown): Promise<InvocationResult>;
}

/** A running stack. `close()` ends all its parts. */
export interface LocalCloud {
  /** `ws://127.0.0.1:<port>/<stage>` of the first WebSocket API. */
  readonly webSocketUrl: string;
  /** The URL of the first stage of every API, by logical id. */
  readonly apis: Readonly<Record<string, string>>;
  /** The inspector page: `http://127.0.0.1:<port>/_local` */
  readonly inspectorUrl: string | undefined;
  /** The clock of all parts, including the functions. */
  readonly clock: MovableClock;
  readonly faults: FaultInjection;
  /** The stack's outputs, with URLs of this machine instead of API Gateway's. */
  readonly outputs: Readonly<Record<string, string>>;
  readonly dynamodbEndpoint: string;
  readonly region: string;
  /** Administrator credentials for the developer's own tools and tests. New at each start. */
  readonly credentials: Credentials;
  /** Each function's use of its role's permissions so far. */
  permissions(): readonly FunctionPermissions[];
  /** Physical names by logical id. */
  readonly tables: Readonly<Record<string, string>>;
  /** By logical id. */
  readonly functions: Readonly<Record<string, FunctionHandle>>;
  /** Secret values by logical id. New at each start. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Leaves no process, port, timer or file behind. */
  close(): Promise<void>;
}

/**
 * Runs one stack of a synthesized CDK app on this machine.
 * @throws if the template has unsupported parts, the port is in use, or a fault is invalid
 */
export async function startLocalCloud(options: LocalCloudOptions): Promise<LocalCloud> {
  const cleanup = createCleanup();
  const log: Log = (entry) => {
    if (!cleanup.hasBegun) options.log?.(entry);
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
    cleanup.add(clock.close);
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
    cleanup.add(dynamodb.close);
    const services = await startServices(clock, faults);
    cleanup.add(services.close, faults.close);
    let functions: Functions | undefined;
    cleanup.add(async () => functions?.close());
    const inspector =
      options.inspector === false
        ? undefined
        : createInspector({
            webSocketUrls: () => running.filter((each) => each.isWebSocket).map(urlOf),
            now: clock.now,
            scanTables: (limit) => Promise.all(dynamodb.described.map((table) => readTable(dynamodb, table, limit))),
          });
    cleanup.add(() => inspector?.close());
    const observe = inspector?.observe ?? (() => undefined);
    // Closed before the functions, so that clients get no errors for their last messages.
    const running: RunningApi[] = [];
    cleanup.add(async () => void (await Promise.all(running.map((each) => each.close()))));
    for (const api of apis) {
      const isFirst = isWebSocket(api) && !running.some((each) => each.isWebSocket);
      running.push(await startApi(stack, api, isFirst ? (options.port ?? 0) : 0, certificate, inspector));
    }
    const urls = Object.fromEntries(running.map((each) => [each.logicalId, urlOf(each)]));
    const main = running.find((each) => each.isWebSocket) as RunningApi;
    const localize = (value: string) => running.reduce(replaceHost, value);

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
    cleanup.add(invoker.close);
    const secrets = createSecrets(stack);
    cleanup.add(startSchedules(stack, functions, invoker, clock, localize, log, iam.invocations));

    services.serve({ functions, invoker, secrets, gate: iam.gate, place: iam.place });
    const throttles = options.throttles ?? false;
    for (const api of running) {
      api.serve({ functions, iam, clock, faults, throttles, observe, log });
    }
    if (options.watch === true) cleanup.add(await watchAssembly(options, assembly, functions.all, log));
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
      close: cleanup.close,
    };
  } catch (error) {
    // The start error is more useful than an error during the cleanup.
    await cleanup.close().catch(() => undefined);
    throw error;
  }
}

/** Collects cleanup steps and runs them, the last one first. */
function createCleanup() {
  const all: (() => Promise<void> | void)[] = [];
  let closing: Promise<void> | undefined;

  async function closeAll(): Promise<void> {
    const errors: unknown[] = [];
    for (const closeOne of all.reverse()) {
      // An error must not stop the remaining steps.
      await Promise.resolve()
        .then(closeOne)
        .catch((error: unknown) => errors.push(error));
    }
    if (errors.length > 0) throw new AggregateError(errors, 'Some parts of the local cloud could not be closed.');
  }

  return {
    get hasBegun() {
      return closing !== undefined;
    },
    add: (...steps: (() => Promise<void> | void)[]) => void all.push(...steps),
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

/** Replaces URLs of an API on AWS by URLs of this machine. */
function replaceHost(value: string, { remoteHost, localHost }: RunningApi): string {
  return value
    .replaceAll(`https://${remoteHost}`, `http://${localHost}`)
    .replaceAll(`wss://${remoteHost}`, `ws://${localHost}`);
}
