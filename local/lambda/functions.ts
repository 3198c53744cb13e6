import { availableParallelism } from 'node:os';
import type { MovableClock } from '../clock.ts';
import type { Faults } from '../faults.ts';
import type { Credentials } from '../iam/signature.ts';
import type { Log } from '../log.ts';
import type { Observe } from '../observation.ts';
import type { Assembly } from '../template/assembly.ts';
import type { Stack } from '../template/stack.ts';
import { canMeasureMemory, runtimeSource } from './environment-process.ts';
import { canFreeze, createFreezer, type Freezer } from './freezer.ts';
import { LocalFunction } from './function.ts';
import { type FunctionSettings, readFunctionSettings } from './function-settings.ts';
import type { Redirects } from './runtime/redirects.ts';

/** The service endpoints for the AWS SDK inside a function. All are set, because the SDK's defaults lead to AWS. */
export interface Endpoints {
  readonly dynamodb: string;
  readonly managementApi: string;
  /** Lambda and Secrets Manager; an error for every other service. */
  readonly services: string;
}

export interface Functions {
  readonly all: readonly LocalFunction[];
  /** Finds a function by ARN or name. */
  find(nameOrArn: string): LocalFunction | undefined;
  close(): Promise<void>;
}

export interface FunctionsOptions {
  readonly stack: Stack;
  readonly assembly: Assembly;
  readonly endpoints: Endpoints;
  /** Each function has its own credentials, which identify its role. @param functionId the logical id */
  credentialsOf(functionId: string): Required<Credentials>;
  /** Replaces URLs of AWS by URLs of this machine. */
  readonly localize: (value: string) => string;
  readonly clock: MovableClock;
  readonly faults: Faults;
  readonly observe: Observe;
  readonly maxEnvironments?: number;
  /** Redirects functions' connections to other hosts. @default no redirects */
  readonly redirects?: Redirects;
  readonly log: Log;
}

export async function createFunctions(options: FunctionsOptions): Promise<Functions> {
  logNotEmulated(options.log);
  const resources = options.stack.ofType('AWS::Lambda::Function');
  const settings = resources.map((resource) => {
    const ofThisMachine = machineVariables(resource.logicalId, options);
    return readFunctionSettings(resource, options.stack.region, options.assembly, options.localize, ofThisMachine);
  });
  const freezer = createFreezer();
  const all = settings.map((each) => create(each, freezer, options));
  const byName = new Map(all.flatMap((each) => [each.name, each.arn].map((name) => [name, each])));
  options.clock.onMove(() => {
    for (const each of all) each.moveClock();
  });
  return {
    all,
    find: (nameOrArn) => byName.get(nameOrArn.replace(/:\$LATEST$/, '')),
    async close() {
      await Promise.all(all.map((each) => each.close()));
      await freezer.close();
    },
  };
}

function logNotEmulated(log: Log): void {
  const notEmulated = (what: string) => log({ kind: 'not-emulated', logicalId: 'AWS::Lambda::Function', what });
  if (!canFreeze) notEmulated('freezing between invocations');
  if (!canMeasureMemory) notEmulated('MemorySize');
}

function create(settings: FunctionSettings, freezer: Freezer, options: FunctionsOptions): LocalFunction {
  const { log, clock, faults, observe, redirects = { hosts: {}, certificate: '' } } = options;
  const { logicalId } = settings;
  return new LocalFunction({
    ...settings,
    runtime: runtimeSource,
    redirects,
    clock,
    faults,
    freezer,
    observe,
    maxEnvironments: options.maxEnvironments ?? 2 * availableParallelism(),
    onLine: (line) => log({ kind: 'function-output', function: logicalId, line }),
    onWaiting: (waiting) => log({ kind: 'function-waiting', function: logicalId, waiting }),
    onFailure: (errorType) => log({ kind: 'function-failed', function: logicalId, errorType }),
  });
}

/** Environment variables that limit the SDK inside a function to this machine's services. */
function machineVariables(logicalId: string, { credentialsOf, endpoints }: FunctionsOptions): Record<string, string> {
  const { accessKeyId, secretAccessKey, sessionToken } = credentialsOf(logicalId);
  return {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
    AWS_ENDPOINT_URL: endpoints.services,
    AWS_ENDPOINT_URL_LAMBDA: endpoints.services,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoints.services,
    AWS_ENDPOINT_URL_DYNAMODB: endpoints.dynamodb,
    AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI: endpoints.managementApi,
    // The developer's profile and the metadata service must have no effect.
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
    // Without this the SDK warns about this machine's Node.js at every cold start.
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  };
}
