import type { Value } from '../template/resolve.ts';
import { readProperties, type StackResource } from '../template/stack.ts';
import type { LocalFunctionOptions } from './function.ts';
import type { FunctionsOptions } from './functions.ts';
import type { LogFormat, SystemLogLevel } from './platform-log.ts';

/** What the template says of a function. */
export type FunctionSettings = Pick<
  LocalFunctionOptions,
  | 'logicalId'
  | 'name'
  | 'functionArn'
  | 'region'
  | 'taskRoot'
  | 'timeoutMs'
  | 'memoryMb'
  | 'logFormat'
  | 'systemLogLevel'
  | 'reservedConcurrency'
  | 'variables'
>;

/** @throws naming the logical id and the path of what is not emulated */
export function readSettings(
  resource: StackResource,
  { stack, assembly, localize }: Pick<FunctionsOptions, 'stack' | 'assembly' | 'localize'>,
): FunctionSettings {
  const { logicalId, properties, ref } = resource;
  const runtime = properties.text('Runtime');
  if (!/^nodejs\d+\.x$/.test(runtime)) throw new Error(`${logicalId}: the runtime ${runtime} is not emulated.`);

  const code = readProperties((properties.value('Code') ?? {}) as Record<string, Value>, `${logicalId}.Code`);
  const taskRoot = assembly.assetFolder(code.text('S3Key'));
  if (taskRoot === undefined) throw new Error(`${logicalId}: no asset folder belongs to ${code.text('S3Key')}.`);

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
    region: stack.region,
    taskRoot,
    timeoutMs: (properties.optionalNumber('Timeout') ?? 3) * 1000,
    memoryMb,
    logFormat,
    systemLogLevel,
    reservedConcurrency: properties.optionalNumber('ReservedConcurrentExecutions'),
    // https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
    variables: (stream, codeRoot) => ({
      ...own,
      PATH: process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin',
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
      AWS_REGION: stack.region,
      AWS_DEFAULT_REGION: stack.region,
      AWS_XRAY_CONTEXT_MISSING: 'LOG_ERROR',
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
  if (logFormat !== 'Text' && logFormat !== 'JSON') throw new Error(`${path}.LogFormat: there is no ${logFormat}.`);
  const named = { ApplicationLogLevel: level, SystemLogLevel: systemLevel };
  const [unwanted] = Object.entries(named).filter(([, given]) => logFormat === 'Text' && given !== undefined);
  if (unwanted !== undefined) throw new Error(`${path}.${unwanted[0]}: only the log format JSON has levels.`);
  const systemLogLevel = systemLevel ?? 'INFO';
  if (systemLogLevel !== 'INFO' && systemLogLevel !== 'WARN') {
    throw new Error(`${path}.SystemLogLevel: ${systemLogLevel} is not emulated: only INFO and WARN are.`);
  }
  const ofGroup = group === undefined ? {} : { AWS_LAMBDA_LOG_GROUP_NAME: group };
  const ofLevel = logFormat === 'JSON' ? { AWS_LAMBDA_LOG_LEVEL: level ?? 'INFO' } : {};
  return { logFormat, systemLogLevel, variables: { AWS_LAMBDA_LOG_FORMAT: logFormat, ...ofLevel, ...ofGroup } };
}
