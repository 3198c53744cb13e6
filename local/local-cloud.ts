import { randomInt } from 'node:crypto';
import { readAssembly } from './assembly.ts';
import { startDynamoDb } from './dynamodb.ts';
import { createFaults, type Fault, type FaultInjection } from './faults.ts';
import { startGateway } from './gateway/server.ts';
import { findWebSocketApi, readStages, readWebSocketApi } from './gateway/websocket-api.ts';
import { createAsyncInvoker } from './lambda/async-invoke.ts';
import type { InvocationResult } from './lambda/environment.ts';
import { createFunctions, type Functions } from './lambda/functions.ts';
import type { Log } from './log.ts';
import { watchAssembly } from './reload.ts';
import { startSchedules } from './schedule.ts';
import { createSecrets } from './services/secrets-manager.ts';
import { startServices } from './services/server.ts';
import { resolveStack } from './template/stack.ts';

export interface LocalCloudOptions {
  /** The folder that `cdk synth` wrote: cdk.out. */
  readonly assembly: string;
  /** Which of its stacks. @default the only one */
  readonly stack?: string;
  /** Of the WebSocket API. @default 0, any free one */
  readonly port?: number;
  /** @default AWS_REGION, or us-east-1 */
  readonly region?: string;
  /** @default nothing is logged */
  readonly log?: Log;
  /** How many invocations of one function run at the same time; the rest wait. @default 2 for each core */
  readonly maxEnvironmentsPerFunction?: number;
  /** `strict` is AWS's own DynamoDB Local, which takes Java. @default dynalite */
  readonly dynamodb?: 'dynalite' | 'strict';
  /** Whether the throttles of a stage are kept. @default false */
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
  /** `ws://127.0.0.1:<port>/<stage>` */
  readonly webSocketUrl: string;
  /** The stack's outputs; what pointed to API Gateway points to this machine. */
  readonly outputs: Readonly<Record<string, string>>;
  readonly dynamodbEndpoint: string;
  /** Physical names by logical id. */
  readonly tables: Readonly<Record<string, string>>;
  /** By logical id. */
  readonly functions: Readonly<Record<string, FunctionHandle>>;
  /** The value of each secret, by logical id; new at each start. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly faults: FaultInjection;
  /** Leaves no process, port, timer or file behind. */
  close(): Promise<void>;
}

/**
 * Runs one stack of a synthesized CDK app on this machine.
 * @throws when the template holds what cannot be run here, the port is taken, or a fault makes no sense
 */
export async function startLocalCloud(options: LocalCloudOptions): Promise<LocalCloud> {
  let isClosed = false;
  const log: Log = (entry) => {
    if (!isClosed) options.log?.(entry);
  };
  const region = options.region ?? process.env.AWS_REGION ?? 'us-east-1';
  const assembly = await readAssembly(options.assembly, options.stack);
  const stack = resolveStack(assembly, region);
  const runtimes = new Map(
    stack.ofType('AWS::Lambda::Function').map(({ logicalId, properties }) => [logicalId, properties.text('Runtime')]),
  );
  const faults = createFaults(options.seed ?? randomInt(2 ** 31), [...runtimes.keys()]);
  for (const fault of options.faults ?? []) faults.inject(fault);
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
    const services = await startServices(faults);
    closers.push(services.close, faults.close);
    let functions: Functions | undefined;
    closers.push(async () => functions?.close());
    const gateway = await startGateway(options.port ?? 0, region, log);
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

    if (options.watch === true) closers.push(await watchAssembly(options, assembly, functions.all, log));
    services.serve({ functions, invoker, secrets });
    gateway.serve(webSocketApi);
    return {
      webSocketUrl: `ws://${address}/${stages[0]}`,
      outputs: Object.fromEntries(Object.entries(stack.outputs).map(([name, value]) => [name, localize(value)])),
      dynamodbEndpoint: dynamodb.endpoint,
      tables: dynamodb.tables,
      functions: Object.fromEntries(
        functions.all.map((each) => [
          each.logicalId,
          {
            name: each.name,
            arn: each.arn,
            runtime: runtimes.get(each.logicalId) ?? '',
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
      faults,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
