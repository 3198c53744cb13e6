import { readAssembly } from './assembly.ts';
import { startDynamoDb } from './dynamodb.ts';
import { startGateway } from './gateway/server.ts';
import { findWebSocketApi, readStages, readWebSocketApi } from './gateway/websocket-api.ts';
import { createInspector } from './inspector/inspector.ts';
import { pagePath } from './inspector/page.ts';
import { createAsyncInvoker } from './lambda/async-invoke.ts';
import type { InvocationResult } from './lambda/environment.ts';
import { createFunctions, type Functions } from './lambda/functions.ts';
import type { Log } from './log.ts';
import { startSchedules } from './schedule.ts';
import { createSecrets } from './services/secrets-manager.ts';
import { startServices } from './services/server.ts';
import { resolveStack } from './template/stack.ts';

export interface LocalCloudOptions {
  /** The folder that `cdk synth` wrote: cdk.out. */
  readonly assembly: string;
  /** Of the WebSocket API. @default 0, any free one */
  readonly port?: number;
  /** @default AWS_REGION, or us-east-1 */
  readonly region?: string;
  /** @default nothing is logged */
  readonly log?: Log;
  /** How many invocations of one function run at the same time; the rest wait. @default 2 for each core */
  readonly maxEnvironmentsPerFunction?: number;
  /** The page at /_local. @default true */
  readonly inspector?: boolean;
}

/** A function as tests and the start script see it. */
export interface FunctionHandle {
  readonly name: string;
  readonly arn: string;
  /** How often it was invoked. */
  readonly invocations: number;
  /** How many environments were started for it. */
  readonly coldStarts: number;
  /** Invokes it and waits, as the console's Test button does. */
  invoke(event: unknown): Promise<InvocationResult>;
}

/** A running stack. Everything it holds ends with `close()`. */
export interface LocalCloud {
  /** `ws://127.0.0.1:<port>/<stage>` */
  readonly webSocketUrl: string;
  /** The page that shows what happens: `http://127.0.0.1:<port>/_local` */
  readonly inspectorUrl: string | undefined;
  /** The stack's outputs; what pointed to API Gateway points to this machine. */
  readonly outputs: Readonly<Record<string, string>>;
  readonly dynamodbEndpoint: string;
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
 * Runs the one stack of a synthesized CDK app on this machine.
 * @throws when the template holds what cannot be run here, or the port is taken
 */
export async function startLocalCloud(options: LocalCloudOptions): Promise<LocalCloud> {
  let isClosed = false;
  const log: Log = (entry) => {
    if (!isClosed) options.log?.(entry);
  };
  const region = options.region ?? process.env.AWS_REGION ?? 'us-east-1';
  const assembly = await readAssembly(options.assembly);
  const stack = resolveStack(assembly, region);
  const api = findWebSocketApi(stack);
  const stages = readStages(stack, log);

  const closers: (() => Promise<void> | void)[] = [];
  const closeAll = async () => {
    isClosed = true;
    for (const closeOne of closers.reverse()) await closeOne();
  };
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= closeAll();
    return closing;
  };
  try {
    const dynamodb = await startDynamoDb(stack);
    closers.push(dynamodb.close);
    const services = await startServices();
    closers.push(services.close);
    let functions: Functions | undefined;
    closers.push(async () => functions?.close());
    const inspector =
      options.inspector === false
        ? undefined
        : createInspector({ webSocketUrls: () => [`ws://${address}/${stages[0]}`] });
    closers.push(() => inspector?.close());
    const gateway = await startGateway(options.port ?? 0, region, log, inspector);
    // Comes before the functions when all is closed: no client is told that its message failed.
    closers.push(gateway.close);
    const address = `127.0.0.1:${gateway.port}`;
    const remote = `${api.ref}.execute-api.${region}.amazonaws.com`;
    const localize = (value: string) =>
      value.replaceAll(`https://${remote}`, `http://${address}`).replaceAll(`wss://${remote}`, `ws://${address}`);

    functions = await createFunctions({
      stack,
      assembly,
      localize,
      log,
      endpoints: {
        dynamodb: dynamodb.endpoint,
        services: services.url,
        managementApi: `http://${address}/${stages[0]}`,
      },
      ...(options.maxEnvironmentsPerFunction === undefined
        ? {}
        : { maxEnvironments: options.maxEnvironmentsPerFunction }),
    });
    const invoker = createAsyncInvoker(stack, functions, log);
    closers.push(invoker.close);
    const secrets = createSecrets(stack);
    const webSocketApi = readWebSocketApi(stack, functions, stages);
    closers.push(startSchedules(stack, functions, invoker, localize, log));

    services.serve({ functions, invoker, secrets });
    gateway.serve(webSocketApi);
    return {
      webSocketUrl: `ws://${address}/${stages[0]}`,
      inspectorUrl: inspector === undefined ? undefined : `http://${address}${pagePath}`,
      outputs: Object.fromEntries(Object.entries(stack.outputs).map(([name, value]) => [name, localize(value)])),
      dynamodbEndpoint: dynamodb.endpoint,
      tables: dynamodb.tables,
      functions: Object.fromEntries(
        functions.all.map((each) => [
          each.logicalId,
          {
            name: each.name,
            arn: each.arn,
            get invocations() {
              return each.invocations;
            },
            get coldStarts() {
              return each.coldStarts;
            },
            invoke: (event: unknown) => each.invoke(JSON.stringify(event)),
          },
        ]),
      ),
      secrets: Object.fromEntries(secrets.map(({ logicalId, value }) => [logicalId, value])),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
