import { Duration } from 'aws-cdk-lib';
import { Alarm, MathExpression } from 'aws-cdk-lib/aws-cloudwatch';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { fromOneOn, lasting, perMinute, within } from './alarms.ts';

/**
 * In alarm when Lambda rejects an invocation. Such a one is not among the function's `Errors`
 * (https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html).
 * @param reservation how many may run at the same time, where that is limited on purpose
 */
export function alarmOnFunctionThrottles(scope: Construct, lambda: LambdaFunction, reservation?: number): Alarm {
  const isOnPurpose = reservation !== undefined;
  return new Alarm(scope, 'ThrottleAlarm', {
    ...fromOneOn,
    // It stays on for five minutes, so that a flood does not switch it on and off. A limit that was asked for is reached now and then.
    ...within(isOnPurpose ? lasting : { minutes: 1, of: 5 }),
    alarmDescription: isOnPurpose
      ? `Lambda rejects invocations: all ${reservation} that maxConcurrentSessionChecks allows are busy. Raise it, or make PHP's answer faster. docs/operations.md: ThrottleAlarm of a function.`
      : "Lambda rejects invocations: the account's concurrency is used up. Ask AWS for more; new accounts often start with 10. docs/operations.md: ThrottleAlarm of a function.",
    metric: lambda.metricThrottles(perMinute),
  });
}

/**
 * In alarm when DynamoDB throttles reads or writes of a table for minutes. A few are tried again, and nobody notices. Both metrics have
 * the dimension TableName alone, and leave out the table's indexes
 * (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html).
 */
export function alarmOnTableThrottles(table: Table): Alarm {
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
