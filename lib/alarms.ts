import { Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, MathExpression, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { FilterPattern, MetricFilter } from 'aws-cdk-lib/aws-logs';
import type { SocketFunction } from './socket-function.ts';

/** In how many of the last minutes something has to happen. */
interface Window {
  readonly minutes: number;
  readonly of: number;
}

const perMinute = { period: Duration.minutes(1), statistic: 'sum' };
const fromOneOn = {
  comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
  threshold: 1,
  treatMissingData: TreatMissingData.NOT_BREACHING,
};

/** In alarm when a function fails. */
export function alarmOnErrors(
  failing: SocketFunction,
  alarmDescription: string,
  { minutes, of }: Window = { minutes: 1, of: 1 },
): Alarm {
  return new Alarm(failing, 'Alarm', {
    ...fromOneOn,
    alarmDescription,
    metric: failing.lambda.metricErrors(perMinute),
    evaluationPeriods: of,
    datapointsToAlarm: minutes,
  });
}

/**
 * In alarm when a worker of a broadcast has lost a post, or Lambda a worker.
 * @param namespace of the metric that is counted for it
 */
export function alarmOnLosses(deliver: SocketFunction, namespace: string): Alarm {
  const filter = new MetricFilter(deliver, 'Lost', {
    logGroup: deliver.logGroup,
    filterPattern: FilterPattern.numberValue('$.Lost', '>', 0),
    metricNamespace: namespace,
    metricName: 'Lost',
    metricValue: '$.Lost',
  });
  return new Alarm(deliver, 'Alarm', {
    ...fromOneOn,
    alarmDescription:
      'A broadcast was lost on the way to somebody: the log of Deliver says how many posts, or why it failed.',
    metric: new MathExpression({
      expression: 'FILL(posts, 0) + FILL(events, 0)',
      usingMetrics: {
        posts: filter.metric(perMinute),
        // What Lambda gave up after its last try (https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html).
        events: deliver.lambda.metric('AsyncEventsDropped', perMinute),
      },
      period: Duration.minutes(1),
    }),
    // Of several minutes, because both metrics come late: FILL says 0 for the latest minute as long as it has no value, and an
    // alarm that looks at that one alone never goes off
    // (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html).
    evaluationPeriods: 5,
    datapointsToAlarm: 1,
  });
}
