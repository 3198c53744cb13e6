import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Duration } from 'aws-cdk-lib';
import type { Metric, MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';
import { describe, expect, it } from 'vitest';
import { type SessionSocket, SessionSocketStack } from '../../lib/index.ts';
import { createApp, type Deployment, least, readDeployment } from './deployment.ts';

const create = (props: object = {}) => new SessionSocketStack(createApp(), 'Shop', { ...least, ...props });
const stack = create({ hello: true });
const { sessionSocket } = stack;
const deployed = readDeployment(stack);
const operations = readFileSync(join(import.meta.dirname, '../../docs/operations.md'), 'utf8');

/** The paths of the resources that these are, of all that there are of a type. */
function resourcesOf(from: Deployment, type: string, parts: readonly unknown[]): readonly string[] {
  const references = parts.map((part) => from.read(stack.resolve(part)));
  return from
    .of(type)
    .map(({ path }) => path)
    .filter((path) => references.includes(`{${path}}`));
}

describe('the construct has as properties', () => {
  it('every deployed function, each by its name', () => {
    const { tick, ...always } = sessionSocket.functions;
    const all = Object.values({ tick, ...always });
    expect(all.map((each) => each?.node.path.replace('Shop/SessionSocket/', ''))).toEqual([
      'Hello/Tick/Function',
      'Authorizer/Function',
      'Connect/Function',
      'Message/Function',
      'Disconnect/Function',
      'Publish/Function',
      'Channels/Deliver/Function',
      'Revalidation/Revalidate/Function',
    ]);
    const names = all.map((each) => each?.functionName);
    const type = 'AWS::Lambda::Function';
    expect(resourcesOf(deployed, type, names)).toEqual(deployed.of(type).map(({ path }) => path));
  });

  it('no tick without hello', () => {
    expect(create().sessionSocket.functions.tick).toBeUndefined();
  });

  it('every table', () => {
    const { connections, subscriptions, members, claims, owners, revocations } = sessionSocket.tables;
    const all = [connections, subscriptions, members, claims, owners, revocations];
    const type = 'AWS::DynamoDB::Table';
    const names = all.map(({ tableName }) => tableName);
    expect(resourcesOf(deployed, type, names)).toEqual(deployed.of(type).map(({ path }) => path));
  });

  it('both APIs and their stages', () => {
    const { webSocketApi, webSocketStage, httpApi, httpStage } = sessionSocket;
    const type = 'AWS::ApiGatewayV2::Api';
    expect(resourcesOf(deployed, type, [webSocketApi.apiId, httpApi.apiId])).toEqual(['Sockets/Api', 'Http/Api']);
    expect([webSocketStage.url, httpApi.apiEndpoint]).toEqual([sessionSocket.webSocketUrl, sessionSocket.httpApiUrl]);
    expect(httpStage.stageName).toBe('$default');
  });
});

describe('a metric of the construct', () => {
  const own = `SessionSocket/${sessionSocket.appId}`;
  type Helper = {
    [Name in keyof SessionSocket]: SessionSocket[Name] extends (props?: MetricOptions) => Metric ? Name : never;
  }[keyof SessionSocket];
  it.each<[Helper, string, string]>([
    ['metricConnected', 'SessionSocket', 'Connected'],
    ['metricDisconnected', 'SessionSocket', 'Disconnected'],
    ['metricHandshakesRefused', 'SessionSocket', 'HandshakeRefused'],
    ['metricHandshakesUnavailable', 'SessionSocket', 'HandshakeUnavailable'],
    ['metricFramesFailed', 'SessionSocket', 'FrameFailed'],
    ['metricPublished', 'SessionSocket', 'Published'],
    ['metricDelivered', 'SessionSocket', 'Delivered'],
    ['metricLost', own, 'Lost'],
    ['metricRechecksLate', own, 'RecheckLate'],
  ])('%s is %s %s, and the runbook names both', (method, namespace, name) => {
    const metric = sessionSocket[method]();
    expect([metric.namespace, metric.metricName]).toEqual([namespace, name]);
    expect(metric.dimensions).toEqual(namespace === own ? undefined : { service: 'session-socket' });
    expect([metric.statistic, metric.period.toMinutes()]).toEqual(['Sum', 5]);
    expect(operations).toContain(`\`${method}()\``);
    expect(operations).toContain(`\`${name}\``);
  });

  it('takes another period and statistic', () => {
    const metric = sessionSocket.metric('DeliveryMilliseconds', { statistic: 'p95', period: Duration.minutes(1) });
    expect([metric.metricName, metric.statistic, metric.period.toMinutes()]).toEqual([
      'DeliveryMilliseconds',
      'p95',
      1,
    ]);
  });

  it('is the one that its function’s log counts, if it is for this gateway alone', () => {
    const counted = deployed
      .of('AWS::Logs::MetricFilter')
      .flatMap(({ Properties }) => Properties['MetricTransformations']);
    const of = ({ namespace, metricName }: Metric) => `${namespace} ${metricName}`;
    expect(counted.map(({ MetricNamespace, MetricName }) => `${MetricNamespace} ${MetricName}`).sort()).toEqual([
      of(sessionSocket.metricLost()),
      of(sessionSocket.metricRechecksLate()),
    ]);
  });
});
