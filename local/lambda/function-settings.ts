import type { Clock } from '../clock.ts';
import type { Faults } from '../faults.ts';
import type { Observe } from '../observation.ts';
import type { Assembly } from '../template/assembly.ts';
import type { Value } from '../template/resolve.ts';
import { readProperties, type StackResource } from '../template/stack.ts';
import type { Freezer } from './freezer.ts';
import type { LogFormat, SystemLogLevel } from './invocation-log.ts';
import type { Redirects } from './runtime/redirects.ts';

/** A function's settings in the template. */
export interface FunctionSettings {
  readonly logicalId: string;
  readonly name: string;
  readonly functionArn: string;
  readonly region: string;
  readonly taskRoot: string;
  readonly timeoutMs: number;
  readonly memoryMb: number;
  readonly logFormat: LogFormat;
  readonly systemLogLevel: SystemLogLevel;
  /** The maximum number of concurrent invocations; more are throttled. undefined: no limit. */
  readonly reservedConcurrency: number | undefined;
  /** @param stream the name of the environment's log stream */
  variables(stream: string, taskRoot: string): Readonly<Record<string, string>>;
}

/** The settings that all environments of a function share. */
export interface EnvironmentSettings
  extends Omit<FunctionSettings, 'name' | 'taskRoot' | 'reservedConcurrency' | 'variables'> {
  /** The runtime client, as JavaScript. */
  readonly runtime: string;
  readonly redirects: Redirects;
  readonly clock: Clock & { readonly aheadMs: number };
  readonly faults: Pick<Faults, 'kills' | 'skewMs'>;
  readonly freezer: Freezer;
  readonly observe: Observe;
  readonly onLine: (line: string) => void;
}

/**
 * @param localize replaces URLs of AWS by URLs of this machine
 * @param machineVariables override the template's variables
 * @throws with logical id and path of a setting that is not emulated
 */
export function readFunctionSettings(
  resource: StackResource,
  region: string,
  assembly: Pick<Assembly, 'assetFolder'>,
  localize: (value: string) => string,
  machineVariables: Readonly<Record<string, string>>,
): FunctionSettings {
  const { logicalId, properties, ref } = resource;
  const runtime = properties.text('Runtime');
  if (!/^nodejs\d+\.x$/.test(runtime)) throw new Error(`${logicalId}: the runtime ${runtime} is not emulated.`);

  const code = readProperties((properties.value('Code') ?? {}) as Record<string, Value>, `${logicalId}.Code`);
  const taskRoot = assembly.assetFolder(code.text('S3Key'));
  if (taskRoot === undefined) throw new Error(`${logicalId}: there is no asset folder for ${code.text('S3Key')}.`);

  // Defaults: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-lambda-function.html
  const memoryMb = properties.optionalNumber('MemorySize') ?? 128;
  const { logFormat, systemLogLevel, variables: ofLogging } = readLogging(resource);
  const { Variables = {} } = (properties.value('Environment') ?? {}) as { Variables?: Record<string, Value> };
  const own = Object.fromEntries(Object.entries(Variables).map(([name, value]) => [name, localize(String(value))]));
  const handler = properties.text('Handler');

  return {
    logicalId,
    name: ref,
    functionArn: resource.attribute('Arn'),
    region,
    taskRoot,
    timeoutMs: (properties.optionalNumber('Timeout') ?? 3) * 1000,
    memoryMb,
    logFormat,
    systemLogLevel,
    reservedConcurrency: properties.optionalNumber('ReservedConcurrentExecutions'),
    // https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
    variables: (stream, codeRoot) => ({
      ...own,
      PATH: process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin',
      LANG: 'en_US.UTF-8',
      TZ: ':UTC',
      _HANDLER: handler,
      LAMBDA_TASK_ROOT: codeRoot,
      AWS_EXECUTION_ENV: `AWS_Lambda_${runtime}`,
      AWS_LAMBDA_FUNCTION_NAME: ref,
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb),
      AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
      AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${ref}`,
      AWS_LAMBDA_LOG_STREAM_NAME: stream,
      ...ofLogging,
      AWS_REGION: region,
      AWS_DEFAULT_REGION: region,
      AWS_XRAY_CONTEXT_MISSING: 'LOG_ERROR',
      ...machineVariables,
    }),
  };
}

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-lambda-function-loggingconfig.html */
function readLogging({ logicalId, properties }: StackResource): {
  readonly logFormat: LogFormat;
  readonly systemLogLevel: SystemLogLevel;
  readonly variables: Readonly<Record<string, string>>;
} {
  const path = `${logicalId}.LoggingConfig`;
  const { optionalText } = readProperties((properties.value('LoggingConfig') ?? {}) as Record<string, Value>, path);
  const logFormat = optionalText('LogFormat') ?? 'Text';
  const level = optionalText('ApplicationLogLevel');
  const systemLevel = optionalText('SystemLogLevel');
  const group = optionalText('LogGroup');
  if (logFormat !== 'Text' && logFormat !== 'JSON')
    throw new Error(`${path}.LogFormat: must be Text or JSON, not ${logFormat}.`);
  const named = { ApplicationLogLevel: level, SystemLogLevel: systemLevel };
  const [unwanted] = Object.entries(named).filter(([, given]) => logFormat === 'Text' && given !== undefined);
  if (unwanted !== undefined) throw new Error(`${path}.${unwanted[0]}: only the log format JSON supports levels.`);
  const systemLogLevel = systemLevel ?? 'INFO';
  if (systemLogLevel !== 'INFO' && systemLogLevel !== 'WARN') {
    throw new Error(`${path}.SystemLogLevel: ${systemLogLevel} is not emulated: only INFO and WARN are.`);
  }
  const ofGroup = group === undefined ? {} : { AWS_LAMBDA_LOG_GROUP_NAME: group };
  const ofLevel = logFormat === 'JSON' ? { AWS_LAMBDA_LOG_LEVEL: level ?? 'INFO' } : {};
  return { logFormat, systemLogLevel, variables: { AWS_LAMBDA_LOG_FORMAT: logFormat, ...ofLevel, ...ofGroup } };
}
