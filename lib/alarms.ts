import { Duration } from 'aws-cdk-lib';
import type { HttpStage, WebSocketStage } from 'aws-cdk-lib/aws-apigatewayv2';
import {
  Alarm,
  AlarmRule,
  type CfnCompositeAlarm,
  ComparisonOperator,
  CompositeAlarm,
  MathExpression,
  type Metric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Table } from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import type { ConnectionTables } from './connection-tables.ts';
import type { SocketFunction } from './socket-function.ts';

/** The period and statistic of every alarm. */
export const perMinute = { period: Duration.minutes(1), statistic: 'sum' };

/** The functions, tables, stages and metrics that alarms watch. */
export interface Watched {
  readonly functions: {
    readonly authorizer: SocketFunction;
    readonly connect: SocketFunction;
    readonly message: SocketFunction;
    readonly disconnect: SocketFunction;
    readonly httpApi: SocketFunction;
    readonly deliver: SocketFunction;
    readonly revalidate: SocketFunction;
    readonly tick: SocketFunction | undefined;
  };
  readonly tables: ConnectionTables;
  readonly webSocketStage: WebSocketStage;
  readonly httpStage: HttpStage;
  /** Posts that a broadcast lost in a minute. */
  readonly lost: Metric;
  /** Sessions that were due and not checked in a minute; undefined without session checks. */
  readonly late: Metric | undefined;
}

/** The alarms that are properties of the construct. */
export interface NamedAlarms {
  readonly sessionCheck: Alarm;
  readonly connect: Alarm;
  readonly revoke: Alarm;
  readonly delivery: Alarm;
  readonly revalidate: Alarm;
}

/** Creates all alarms, each below the construct that it watches. */
export function createAlarms({ functions, tables, webSocketStage, httpStage, lost, late }: Watched): NamedAlarms {
  for (const each of Object.values(functions)) if (each !== undefined) alarmOnFunctionThrottles(each);
  for (const each of tables.node.children) if (each instanceof Table) alarmOnTableThrottles(each);
  alarmOnExecutionErrors(webSocketStage);
  alarmOnIntegrationErrors(webSocketStage);
  alarmOnServerErrors(httpStage);
  const named = {
    sessionCheck: alarmOnErrors(
      functions.authorizer,
      'Session checks fail, and so do handshakes: PHP is down or slow, or secrets differ. The log of Authorizer says why. docs/operations.md: AuthorizerAlarm.',
      lasting,
    ),
    connect: alarmOnErrors(
      functions.connect,
      'Connections cannot be registered, so handshakes fail although PHP accepted them. The log of Connect says why. docs/operations.md: ConnectAlarm.',
      lasting,
    ),
    revoke: alarmOnErrors(
      functions.httpApi,
      'A logout left sockets open, or an event was not published. The log of Publish says which: log the user out again, or publish again. docs/operations.md: PublishAlarm.',
      once,
    ),
    delivery: alarmOnLosses(functions.deliver, lost),
    revalidate: alarmOnErrors(
      functions.revalidate,
      'More than half of the users were logged out, so the guard closes no sockets; or PHP has not answered for three minutes; or sockets could not be closed. The log of Revalidate says which. docs/operations.md: RevalidateAlarm.',
      once,
    ),
  };
  if (late !== undefined) alarmOnLateChecks(functions.revalidate, late);
  return named;
}

const fromOneOn = {
  comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
  threshold: 1,
  treatMissingData: TreatMissingData.NOT_BREACHING,
};

/** An alarm goes off when its condition holds in `minutes` of the last `of` minutes. */
interface Window {
  readonly minutes: number;
  readonly of: number;
}

/** For failures that are retried automatically: a single minute of them harms nobody. */
const lasting: Window = { minutes: 3, of: 5 };
const once: Window = { minutes: 1, of: 1 };

function within({ minutes, of }: Window) {
  return { datapointsToAlarm: minutes, evaluationPeriods: of };
}

/** In alarm when a function fails. */
function alarmOnErrors(failing: SocketFunction, alarmDescription: string, window: Window): Alarm {
  return new Alarm(failing, 'Alarm', {
    ...fromOneOn,
    ...within(window),
    alarmDescription,
    metric: failing.lambda.metricErrors(perMinute),
  });
}

/** In alarm when a broadcast worker has lost a post, or Lambda has dropped a worker. */
function alarmOnLosses(deliver: SocketFunction, lost: Metric): Alarm {
  return new Alarm(deliver, 'Alarm', {
    ...fromOneOn,
    alarmDescription:
      'A broadcast did not reach some sockets. The log of Deliver says how many posts were lost, or why it failed; publish again if it matters. docs/operations.md: DeliverAlarm.',
    metric: new MathExpression({
      expression: 'FILL(posts, 0) + FILL(events, 0)',
      usingMetrics: {
        posts: lost,
        // Events that Lambda dropped after its last try
        // (https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html).
        events: deliver.lambda.metric('AsyncEventsDropped', perMinute),
      },
      period: Duration.minutes(1),
    }),
    // Five minutes, because both metrics arrive late. FILL returns 0 for the latest minute until it has a value, so an
    // alarm on that minute alone never goes off
    // (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html).
    ...within({ minutes: 1, of: 5 }),
  });
}

/** In alarm when due sessions are not checked in 5 of 10 minutes. The next minute catches up on a single slow one. */
function alarmOnLateChecks(revalidate: SocketFunction, late: Metric): Alarm {
  return new Alarm(revalidate, 'LateAlarm', {
    ...fromOneOn,
    ...within({ minutes: 5, of: 10 }),
    alarmDescription:
      'Session checks are late, so sockets stay open longer after their session has ended. If PHP is up and fast, make `revalidate` longer. docs/operations.md: LateAlarm.',
    metric: late,
  });
}

/**
 * In alarm when Lambda rejects an invocation. The function's `Errors` do not include it
 * (https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html).
 */
function alarmOnFunctionThrottles(throttled: SocketFunction): Alarm {
  const { lambda, maxConcurrency } = throttled;
  const isOnPurpose = maxConcurrency !== undefined;
  return new Alarm(throttled, 'ThrottleAlarm', {
    ...fromOneOn,
    // The alarm stays on for five minutes, so a flood does not switch it on and off. A configured limit is often
    // reached briefly.
    ...within(isOnPurpose ? lasting : { minutes: 1, of: 5 }),
    alarmDescription: isOnPurpose
      ? `Lambda rejects invocations: all ${maxConcurrency} that maxConcurrentSessionChecks allows are busy. Raise it, or make PHP's answer faster. docs/operations.md: ThrottleAlarm of a function.`
      : "Lambda rejects invocations: the account's concurrency is used up. Ask AWS for more; new accounts often start with 10. docs/operations.md: ThrottleAlarm of a function.",
    metric: lambda.metricThrottles(perMinute),
  });
}

/**
 * In alarm when DynamoDB throttles reads or writes of a table for minutes. A few are retried without effect. Both
 * metrics have TableName as their only dimension, and do not count the table's indexes
 * (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html).
 */
function alarmOnTableThrottles(table: Table): Alarm {
  return new Alarm(table, 'ThrottleAlarm', {
    ...fromOneOn,
    ...within(lasting),
    alarmDescription:
      'DynamoDB throttles this table: too many requests for one key, or for the quota of the account. docs/operations.md: ThrottleAlarm of a table.',
    metric: new MathExpression({
      expression: 'FILL(reads, 0) + FILL(writes, 0)',
      usingMetrics: {
        reads: table.metric('ReadThrottleEvents', perMinute),
        writes: table.metric('WriteThrottleEvents', perMinute),
      },
      period: Duration.minutes(1),
    }),
  });
}

/**
 * In alarm when the HTTP API answers PHP with 5xx for minutes
 * (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html). A single 503 is normal: it
 * answers a retry of a request that still runs, and PHP tries again.
 */
function alarmOnServerErrors(stage: HttpStage): Alarm {
  return new Alarm(stage, 'ServerErrorAlarm', {
    ...fromOneOn,
    ...within(lasting),
    alarmDescription:
      'The HTTP API answers PHP with 5xx, so events are not published and logouts close nothing. The access log of Http says which routes. docs/operations.md: ServerErrorAlarm.',
    metric: stage.metricServerError(perMinute),
  });
}

/**
 * In alarm when API Gateway cannot call a function for minutes. Rejected handshakes do not count, because they end
 * before any integration
 * (https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-logging.html).
 */
function alarmOnExecutionErrors(stage: WebSocketStage): Alarm {
  return new Alarm(stage, 'ExecutionErrorAlarm', {
    ...fromOneOn,
    ...within(lasting),
    alarmDescription:
      'API Gateway cannot call the functions of the sockets, so handshakes fail or frames are not answered. The access log of Sockets says which. docs/operations.md: ExecutionErrorAlarm.',
    metric: stage.metric('ExecutionError', perMinute),
  });
}

/** Errors in a minute. Single users can cause fewer: each 403 of Connect counts as an integration error too. */
const minErrors = 5;

/** In alarm when functions fail for 5% of all handshakes and messages, for minutes. */
function alarmOnIntegrationErrors(stage: WebSocketStage): Alarm {
  const metric = (name: string) => stage.metric(name, perMinute);
  return new Alarm(stage, 'IntegrationErrorAlarm', {
    ...fromOneOn,
    ...within(lasting),
    threshold: 5,
    alarmDescription:
      'More than 5% of handshakes and messages fail in the functions, or Connect refuses many handshakes. The logs of Connect and Message say why. docs/operations.md: IntegrationErrorAlarm.',
    metric: new MathExpression({
      expression: `IF(FILL(errors, 0) >= ${minErrors}, 100 * errors / (FILL(handshakes, 0) + FILL(messages, 0)), 0)`,
      usingMetrics: {
        errors: metric('IntegrationError'),
        handshakes: metric('ConnectCount'),
        messages: metric('MessageCount'),
      },
      label: 'percent of handshakes and messages that failed',
      period: Duration.minutes(1),
    }),
  });
}

/** Every alarm below a construct, in the order of their creation. */
export function alarmsBelow(scope: Construct): readonly Alarm[] {
  return scope.node.findAll().filter((each) => each instanceof Alarm);
}

/** In alarm while at least one of them is: the person on duty gets a single message. */
export function alarmOnAny(scope: Construct, alarms: readonly Alarm[]): CompositeAlarm {
  const any = new CompositeAlarm(scope, 'Alarm', {
    alarmDescription:
      'At least one alarm of this gateway is on; its details say which. docs/operations.md: When an alarm goes off.',
    alarmRule: AlarmRule.anyOf(...alarms),
  });
  // CDK derives the alarm's name from its path alone, so two stacks of the same app in one account would collide.
  const resource = any.node.defaultChild as CfnCompositeAlarm;
  resource.addPropertyDeletionOverride('AlarmName');
  return any;
}
