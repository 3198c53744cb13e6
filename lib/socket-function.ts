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

/** What every function logs, and for how long it is kept. */
export interface FunctionLogging {
  readonly retention: RetentionDays;
  /** Lambda's own lines in text, all of them, without it. */
  readonly systemLogLevel: SessionSocketProps['systemLogLevel'];
}

export interface SocketFunctionProps {
  readonly entry: Entry;
  readonly description: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeout: Duration;
  /** MB. Lambda gives CPU in proportion. */
  readonly memorySize: number;
  /** How many may run at the same time; the account's concurrency without it. */
  readonly maxConcurrency?: number | undefined;
  readonly logging: FunctionLogging;
}

/** One file of `functions/`, bundled, with a role that can do nothing but write its own log until it is allowed more. */
export class SocketFunction extends Construct {
  readonly lambda: LambdaFunction;
  readonly logGroup: LogGroup;
  /** How many may run at the same time, where that is limited on purpose. */
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

  /** Allows one action on one resource. Not CDK's grants: they come in bundles of more verbs than we use. */
  allow(action: string, resource: string): void {
    const statement = new PolicyStatement({ effect: Effect.ALLOW, actions: [action], resources: [resource] });
    this.lambda.addToRolePolicy(statement);
  }

  /** Allows one action on the function itself: in a policy of its own, because the function waits for that of its role. */
  allowOnItself(action: string): void {
    const resources = [this.lambda.functionArn];
    const statement = new PolicyStatement({ effect: Effect.ALLOW, actions: [action], resources });
    new Policy(this, 'OnItself', { roles: [this.#role], statements: [statement] });
  }

  /** Counts in this log alone. The embedded metric of the same name adds up every gateway of the account and region. */
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

/** Levels are for the log format JSON alone; below INFO for our own lines, their metrics would be lost. */
function logFormat(level: SessionSocketProps['systemLogLevel']): FunctionOptions {
  if (level === undefined) return {};
  return {
    loggingFormat: LoggingFormat.JSON,
    systemLogLevelV2: SystemLogLevel[level],
    applicationLogLevelV2: ApplicationLogLevel.INFO,
  };
}
