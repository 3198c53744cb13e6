import { availableParallelism } from 'node:os';
import type { Assembly } from '../assembly.ts';
import type { Credentials } from '../iam/credentials.ts';
import type { Log } from '../log.ts';
import type { Value } from '../template/resolve.ts';
import { readProperties, type Stack, type StackResource } from '../template/stack.ts';
import { readBootstrap } from './bootstrap-source.ts';
import { LocalFunction } from './function.ts';

/** Where the AWS SDK inside a function finds each service. Nothing is left to its defaults, which lie outside. */
export interface Endpoints {
  readonly dynamodb: string;
  readonly managementApi: string;
  /** Lambda, Secrets Manager, and an honest error for everything else. */
  readonly services: string;
}

export interface Functions {
  readonly all: readonly LocalFunction[];
  /** By ARN, by name, or undefined. */
  find(nameOrArn: string): LocalFunction | undefined;
  close(): Promise<void>;
}

export interface FunctionsOptions {
  readonly stack: Stack;
  readonly assembly: Assembly;
  readonly endpoints: Endpoints;
  /** Each function has its own, so that its role can be looked up. @param functionId the logical id */
  credentialsOf(functionId: string): Required<Credentials>;
  /** Makes a resolved value point at this machine. */
  readonly localize: (value: string) => string;
  readonly maxEnvironments?: number;
  readonly log: Log;
}

export async function createFunctions(options: FunctionsOptions): Promise<Functions> {
  const bootstrap = await readBootstrap();
  const all = options.stack.ofType('AWS::Lambda::Function').map((resource) => create(resource, bootstrap, options));
  const byName = new Map(all.flatMap((each) => [each.name, each.arn].map((name) => [name, each])));
  return {
    all,
    find: (nameOrArn) => byName.get(nameOrArn.replace(/:\$LATEST$/, '')),
    close: async () => void (await Promise.all(all.map((each) => each.close()))),
  };
}

function create(resource: StackResource, bootstrap: string, options: FunctionsOptions): LocalFunction {
  const { stack, assembly, log } = options;
  const { logicalId, properties, ref } = resource;
  const runtime = properties.text('Runtime');
  if (!/^nodejs\d+\.x$/.test(runtime)) throw new Error(`${logicalId}: the runtime ${runtime} is not emulated.`);

  const code = readProperties((properties.value('Code') ?? {}) as Record<string, Value>, `${logicalId}.Code`);
  const taskRoot = assembly.assetFolder(code.text('S3Key'));
  if (taskRoot === undefined) throw new Error(`${logicalId}: no asset folder belongs to ${code.text('S3Key')}.`);

  // Defaults: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-lambda-function.html
  const timeoutMs = (properties.optionalNumber('Timeout') ?? 3) * 1000;
  const memory = String(properties.optionalNumber('MemorySize') ?? 128);
  const logging = (properties.value('LoggingConfig') ?? {}) as Record<string, Value>;
  const { Variables = {} } = (properties.value('Environment') ?? {}) as { Variables?: Record<string, Value> };
  const { accessKeyId, secretAccessKey, sessionToken } = options.credentialsOf(logicalId);
  const own = Object.entries(Variables).map(([name, value]) => [name, options.localize(String(value))]);

  return new LocalFunction({
    logicalId,
    name: ref,
    functionArn: resource.attribute('Arn'),
    timeoutMs,
    taskRoot,
    bootstrap,
    maxEnvironments: options.maxEnvironments ?? 2 * availableParallelism(),
    // https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
    variables: (stream) => ({
      ...Object.fromEntries(own),
      PATH: process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin',
      LANG: 'en_US.UTF-8',
      TZ: ':UTC',
      _HANDLER: properties.text('Handler'),
      LAMBDA_TASK_ROOT: taskRoot,
      AWS_EXECUTION_ENV: `AWS_Lambda_${runtime}`,
      AWS_LAMBDA_FUNCTION_NAME: ref,
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: memory,
      AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
      AWS_LAMBDA_LOG_GROUP_NAME: String(logging.LogGroup ?? `/aws/lambda/${ref}`),
      AWS_LAMBDA_LOG_STREAM_NAME: stream,
      AWS_REGION: stack.region,
      AWS_DEFAULT_REGION: stack.region,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_SESSION_TOKEN: sessionToken,
      AWS_ENDPOINT_URL: options.endpoints.services,
      AWS_ENDPOINT_URL_LAMBDA: options.endpoints.services,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: options.endpoints.services,
      AWS_ENDPOINT_URL_DYNAMODB: options.endpoints.dynamodb,
      AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI: options.endpoints.managementApi,
      // Neither the developer's profile nor a metadata service has a say in here.
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
      AWS_EC2_METADATA_DISABLED: 'true',
      // The SDK would warn, at every cold start, of this machine's Node.js; the function asks for another one.
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    }),
    onLine: (line) => log({ kind: 'function-output', function: logicalId, line }),
    onWaiting: (waiting) => log({ kind: 'function-waiting', function: logicalId, waiting }),
    onFailure: (errorType) => log({ kind: 'function-failed', function: logicalId, errorType }),
  });
}
