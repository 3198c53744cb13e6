import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Stack } from 'aws-cdk-lib';
import { describe, expect, it } from 'vitest';
import { SessionSocket, SessionSocketStack } from '../../lib/index.ts';
import { createApp, type Deployment, deploy, type FoundResource, least, readDeployment } from './deployment.ts';

const quiet = deploy();
const withHello = deploy({ hello: true });
const operations = readFileSync(join(import.meta.dirname, '../../docs/operations.md'), 'utf8');

const alarmsOf = (deployment: Deployment) => deployment.of('AWS::CloudWatch::Alarm');
const alarmAt = (path: string) => quiet.the('AWS::CloudWatch::Alarm', path).Properties;

interface MetricOf {
  readonly Namespace: string;
  readonly MetricName: string;
  readonly Dimensions?: readonly { readonly Name: string; readonly Value: unknown }[];
}

/** The metrics that an alarm looks at: one, or those of its expression. */
function metricsOf({ Properties }: FoundResource): readonly MetricOf[] {
  if (Properties['Metrics'] === undefined) return [Properties as unknown as MetricOf];
  const parts: readonly { readonly MetricStat?: { readonly Metric: MetricOf } }[] = Properties['Metrics'];
  return parts.flatMap(({ MetricStat }) => (MetricStat === undefined ? [] : [MetricStat.Metric]));
}

/** `Lambda Throttles FunctionName={Connect/Function}`. */
const written = (deployment: Deployment, { Namespace, MetricName, Dimensions = [] }: MetricOf) =>
  [Namespace, MetricName, ...Dimensions.map(({ Name, Value }) => `${Name}=${deployment.read(Value)}`)].join(' ');

const watched = (deployment: Deployment) =>
  alarmsOf(deployment).flatMap((alarm) => metricsOf(alarm).map((metric) => written(deployment, metric)));

describe('an alarm watches', () => {
  it('the throttles of each function', () => {
    for (const { path } of withHello.of('AWS::Lambda::Function')) {
      expect(watched(withHello)).toContain(`AWS/Lambda Throttles FunctionName={${path}}`);
    }
  });

  it('the throttled reads and writes of each table and of each of its indexes', () => {
    for (const { path, Properties } of quiet.of('AWS::DynamoDB::Table')) {
      const indexes: readonly { readonly IndexName: string }[] = Properties['GlobalSecondaryIndexes'] ?? [];
      const dimensions = ['', ...indexes.map(({ IndexName }) => ` GlobalSecondaryIndexName=${IndexName}`)];
      for (const metric of ['ReadThrottleEvents', 'WriteThrottleEvents']) {
        for (const dimension of dimensions) {
          const found = watched(quiet).map((each) => each.replace(/^(\S+ \S+)( GlobalSecondary\S+)( .*)$/, '$1$3$2'));
          expect(found).toContain(`AWS/DynamoDB ${metric} TableName={${path}}${dimension}`);
        }
      }
    }
  });

  it('the 5xx of the HTTP API, and the errors of the WebSocket API, at their stages', () => {
    expect(watched(quiet)).toContain('AWS/ApiGateway 5xx ApiId={Http/Api} Stage=$default');
    expect(watched(quiet)).toContain('AWS/ApiGateway ExecutionError ApiId={Sockets/Api} Stage=live');
    expect(watched(quiet)).toContain('AWS/ApiGateway IntegrationError ApiId={Sockets/Api} Stage=live');
  });

  it('late session checks, as the log of this stack has them, and only where sessions are checked', () => {
    const { logicalId, Properties } = quiet.the('AWS::Logs::MetricFilter', 'Revalidation');
    expect(logicalId).toBeDefined();
    expect(Properties['FilterPattern']).toBe('{ $.RecheckLate > 0 }');
    expect(quiet.read(Properties['LogGroupName'])).toBe('{Revalidation/Revalidate/Log}');
    const [{ MetricNamespace, MetricName }] = Properties['MetricTransformations'];
    expect(MetricNamespace).toMatch(/^SessionSocket\/\d{12}$/);
    expect(watched(quiet)).toContain(`${MetricNamespace} ${MetricName}`);
    expect(watched(deploy({ revalidate: false })).filter((metric) => metric.includes('Late'))).toEqual([]);
  });

  it('only throttles of all that a client without a login can cause', () => {
    const caused = /ClientError|4xx|HandshakeRefused|RequestRefused/;
    expect(watched(withHello).filter((metric) => caused.test(metric))).toEqual([]);
  });
});

describe('every alarm', () => {
  const one = alarmsOf(withHello).map((alarm) => [alarm.path, alarm] as const);

  it.each(one)('%s is off without traffic, and counts minutes', (_, { Properties }) => {
    expect(Properties['TreatMissingData']).toBe('notBreaching');
    const periods = Properties['Metrics']?.flatMap(({ MetricStat }: { MetricStat?: { Period: number } }) =>
      MetricStat === undefined ? [] : [MetricStat.Period],
    ) ?? [Properties['Period']];
    for (const period of periods) expect(period).toBe(60);
  });

  // FILL says 0 for the latest minute while it has no value: an alarm that looks at that one alone never goes off.
  it.each(one)('%s looks at several minutes if its expression fills gaps', (_, { Properties }) => {
    if (Properties['Metrics'] === undefined) return;
    expect(Properties['EvaluationPeriods']).toBeGreaterThanOrEqual(5);
  });

  it.each(one)('%s has its entry in the runbook, by the end of its name', (path, { Properties }) => {
    expect(Properties['AlarmDescription']).toMatch(/^[A-Z].*\.$/s);
    const entries = [...operations.matchAll(/^\| `(\w+Alarm)`/gm)].map(([, name = '']) => name);
    const name = path.replaceAll('/', '');
    expect(entries.filter((entry) => name.endsWith(entry)).length, name).toBeGreaterThan(0);
    const [, section] = /docs\/operations\.md: (\w+)/.exec(Properties['AlarmDescription']) ?? [];
    expect(entries).toContain(section);
  });

  it('is in the runbook’s price: the metrics that alarms look at, and the composite alarm', () => {
    const price = (deployment: Deployment) => (alarmsOf(deployment).flatMap(metricsOf).length * 0.1 + 0.5).toFixed(2);
    expect(operations).toContain(`$${price(quiet)} a month`);
    expect(operations).toContain(`${alarmsOf(quiet).length} alarms`);
  });
});

describe('an alarm on throttles', () => {
  it('goes off at the first rejected invocation, because nothing else reports it', () => {
    expect(alarmAt('Message/ThrottleAlarm')).toMatchObject({ Threshold: 1, DatapointsToAlarm: 1 });
  });

  it('waits for three minutes of five if the limit is configured', () => {
    const limited = deploy({ maxConcurrentSessionChecks: 3 });
    const { Properties } = limited.the('AWS::CloudWatch::Alarm', 'Authorizer/ThrottleAlarm');
    expect(Properties).toMatchObject({ Threshold: 1, DatapointsToAlarm: 3, EvaluationPeriods: 5 });
    expect(Properties['AlarmDescription']).toContain('maxConcurrentSessionChecks');
  });
});

describe('the alarm on errors of integrations', () => {
  // Connect answers 403 to a user with too many sockets, and a 4xx of a function counts as such an error.
  it('ignores a few refusals by Connect, and goes off at 5% of all calls', () => {
    const { Metrics, Threshold } = alarmAt('Sockets/Stage/IntegrationErrorAlarm');
    const [expression] = Metrics.flatMap(({ Expression }: { Expression?: string }) => Expression ?? []);
    expect(Threshold).toBe(5);
    expect(expression).toContain('>= 5, 100 * errors / (FILL(handshakes, 0) + FILL(messages, 0))');
  });
});

describe('the composite alarm', () => {
  const rule = (deployment: Deployment) => deployment.the('AWS::CloudWatch::CompositeAlarm').Properties['AlarmRule'];

  it('is on when any of the others is, and includes all of them', () => {
    const arns = [...withHello.read(rule(withHello)).matchAll(/ALARM\("\{([^}]+)\}"\)/g)].map(([, path]) => path);
    expect(arns).toEqual(alarmsOf(withHello).map(({ path }) => path));
    expect(withHello.read(rule(withHello)).replaceAll(/ALARM\("[^"]+"\)/g, '')).toMatch(/^[( OR)]*$/);
  });

  // https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
  it('has a rule below CloudWatch’s 10,240 characters, with the longest names of alarms', () => {
    const longest = `arn:aws:cloudwatch:ap-southeast-1:123456789012:alarm:${'n'.repeat(255)}`;
    expect(withHello.read(rule(withHello)).replaceAll(/\{[^}]+\}/g, longest).length).toBeLessThan(10_240);
  });

  it('has no fixed name, so that one app can be deployed twice under two stack names', () => {
    expect(withHello.the('AWS::CloudWatch::CompositeAlarm').Properties).not.toHaveProperty('AlarmName');
  });

  it('is a public property, like the list of all alarms', () => {
    const { sessionSocket } = new SessionSocketStack(createApp(), 'Shop', least);
    expect(sessionSocket.alarms).toHaveLength(alarmsOf(quiet).length);
    expect(sessionSocket.alarms).toContain(sessionSocket.revokeAlarm);
    expect(sessionSocket.alarm.alarmArn).toBeDefined();
  });

  it('is one for each gateway of a stack', () => {
    const stack = new Stack(createApp(), 'Shop');
    for (const id of ['Shop', 'Desk']) new SessionSocket(stack, id, { ...least, cloudWatchRole: false });
    const both = readDeployment(stack).of('AWS::CloudWatch::CompositeAlarm');
    expect(both).toHaveLength(2);
    expect(JSON.stringify(both[0]?.Properties)).not.toContain('Desk');
  });
});

const releasedIds = [
  'SessionSocketChannelsDeliverAlarm6384C065',
  'SessionSocketAuthorizerAlarm32F5E417',
  'SessionSocketPublishAlarm66FE59A9',
  'SessionSocketRevalidationRevalidateAlarm0CF2EFD4',
  'SessionSocketConnectAlarm1D8FBF50',
];

it('the alarms of release 0.1.0 keep their logical ids', () => {
  const ids = alarmsOf(quiet).map(({ logicalId }) => logicalId);
  for (const id of releasedIds) expect(ids).toContain(id);
});

it('the same template comes out of every synthesis', () => {
  expect(JSON.stringify(deploy().template)).toBe(JSON.stringify(quiet.template));
});
