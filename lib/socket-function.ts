import { type Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Effect, Policy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  ApplicationLogLevel,
  Architecture,
  type FunctionOptions,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
  SystemLogLevel,
} from 'aws-cdk-lib/aws-lambda';
import { FilterPattern, LogGroup, MetricFilter, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { Occurrence } from '../functions/edge/telemetry.ts';
import { type Entry, functionCode } from './bundle.ts';
import type { SessionSocketProps } from './session-socket-props.ts';

/** What every function logs, and how long the log is kept. */
export interface FunctionLogging {
  readonly retention: RetentionDays;
  /** Undefined: Lambda writes all of its own lines as text. */
  readonly systemLogLevel: SessionSocketProps['systemLogLevel'];
}

export interface SocketFunctionProps {
  readonly entry: Entry;
  readonly description: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeout: Duration;
  /** MB. Lambda gives CPU in proportion. */
  readonly memorySize: number;
  /** How many may run at the same time; undefined: as many as the account's concurrency allows. */
  readonly maxConcurrency?: number | undefined;
  readonly logging: FunctionLogging;
}

/**
 * One file of `functions/`, bundled, with its own role. The role can only write the function's log until `allow` adds
 * more.
 */
export class SocketFunction extends Construct {
  readonly lambda: LambdaFunction;
  readonly logGroup: LogGroup;
  /** How many may run at the same time; undefined without a configured limit. */
  readonly maxConcurrency: number | undefined;
  readonly #role: Role;

  constructor(scope: Construct, id: string, props: SocketFunctionProps) {
    super(scope, id);
    this.maxConcurrency = props.maxConcurrency;
    this.logGroup = new LogGroup(this, 'Log', {
      retention: props.logging.retention,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.#role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    this.logGroup.grantWrite(this.#role);

    this.lambda = new LambdaFunction(this, 'Function', {
      description: props.description,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: 'index.handler',
      code: functionCode(props.entry),
      environment: { ...props.environment },
      timeout: props.timeout,
      memorySize: props.memorySize,
      ...(props.maxConcurrency === undefined ? {} : { reservedConcurrentExecutions: props.maxConcurrency }),
      logGroup: this.logGroup,
      ...logFormat(props.logging.systemLogLevel),
      role: this.#role,
    });
  }

  /** Allows one action on one resource. CDK's grants would allow more actions than the functions use. */
  allow(action: string, resource: string): void {
    const statement = new PolicyStatement({ effect: Effect.ALLOW, actions: [action], resources: [resource] });
    this.lambda.addToRolePolicy(statement);
  }

  /**
   * Allows one action on the function itself. It needs a separate policy, because the function depends on its role's
   * policy.
   */
  allowOnItself(action: string): void {
    const resources = [this.lambda.functionArn];
    const statement = new PolicyStatement({ effect: Effect.ALLOW, actions: [action], resources });
    new Policy(this, 'OnItself', { roles: [this.#role], statements: [statement] });
  }

  /** Counts in this log alone. The embedded metric of the same name sums up every gateway of the account and region. */
  countInLog(name: Occurrence, namespace: string): void {
    new MetricFilter(this, name, {
      logGroup: this.logGroup,
      filterPattern: FilterPattern.numberValue(`$.${name}`, '>', 0),
      metricNamespace: namespace,
      metricName: name,
      metricValue: `$.${name}`,
    });
  }
}

/** Log levels need the log format JSON. The application level must be INFO, because our lines carry metrics. */
function logFormat(level: SessionSocketProps['systemLogLevel']): FunctionOptions {
  if (level === undefined) return {};
  return {
    loggingFormat: LoggingFormat.JSON,
    systemLogLevelV2: SystemLogLevel[level],
    applicationLogLevelV2: ApplicationLogLevel.INFO,
  };
}
