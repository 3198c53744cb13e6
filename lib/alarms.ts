import { Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, MathExpression, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { FilterPattern, MetricFilter } from 'aws-cdk-lib/aws-logs';
import type { SocketFunction } from './socket-function.ts';

/** In how many of the last minutes something has to happen. */
export interface Window {
  readonly minutes: number;
  readonly of: number;
}

export const perMinute = { period: Duration.minutes(1), statistic: 'sum' };
export const fromOneOn = {
  comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
  threshold: 1,
  treatMissingData: TreatMissingData.NOT_BREACHING,
};

/** Something that is tried again by itself, so one minute of it harms nobody. */
export const lasting: Window = { minutes: 3, of: 5 };

export function within({ minutes, of }: Window) {
  return { datapointsToAlarm: minutes, evaluationPeriods: of };
}

/** In alarm when a function fails. */
export function alarmOnErrors(
  failing: SocketFunction,
  alarmDescription: string,
  window: Window = { minutes: 1, of: 1 },
): Alarm {
  return new Alarm(failing, 'Alarm', {
    ...fromOneOn,
    ...within(window),
    alarmDescription,
    metric: failing.lambda.metricErrors(perMinute),
  });
}

/**
 * In alarm when a worker of a broadcast has lost a post, or Lambda a worker.
 * @param namespace of the metric that is counted for it
 */
export function alarmOnLosses(deliver: SocketFunction, namespace: string): Alarm {
  return new Alarm(deliver, 'Alarm', {
    ...fromOneOn,
    alarmDescription:
      'A broadcast did not reach some sockets. The log of Deliver says how many posts were lost, or why it failed; publish again if it matters. docs/operations.md: DeliverAlarm.',
    metric: new MathExpression({
      expression: 'FILL(posts, 0) + FILL(events, 0)',
      usingMetrics: {
        posts: countInLog(deliver, 'Lost', namespace).metric(perMinute),
        // What Lambda gave up after its last try (https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html).
        events: deliver.lambda.metric('AsyncEventsDropped', perMinute),
      },
      period: Duration.minutes(1),
    }),
    // Of several minutes, because both metrics come late: FILL says 0 for the latest minute as long as it has no value, and an
    // alarm that looks at that one alone never goes off
    // (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html).
    ...within({ minutes: 1, of: 5 }),
  });
}

/**
 * In alarm when sessions are due for a check and not checked, in half of ten minutes. One slow minute is made up in the next.
 * @param namespace of the metric that is counted for it
 */
export function alarmOnLateChecks(revalidate: SocketFunction, namespace: string): Alarm {
  return new Alarm(revalidate, 'LateAlarm', {
    ...fromOneOn,
    ...within({ minutes: 5, of: 10 }),
    alarmDescription:
      'Session checks come late, so a session that is over keeps its sockets for longer. If PHP is up and fast, make `revalidate` longer. docs/operations.md: LateAlarm.',
    metric: countInLog(revalidate, 'RecheckLate', namespace).metric(perMinute),
  });
}

/** The embedded metric of the same name adds up every gateway of the account and region; this one counts one log. */
function countInLog(logging: SocketFunction, name: string, namespace: string): MetricFilter {
  return new MetricFilter(logging, name, {
    logGroup: logging.logGroup,
    filterPattern: FilterPattern.numberValue(`$.${name}`, '>', 0),
    metricNamespace: namespace,
    metricName: name,
    metricValue: `$.${name}`,
  });
}
