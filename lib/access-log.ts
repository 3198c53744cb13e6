import { ArnFormat, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { AccessLogFormat, CfnAccount } from 'aws-cdk-lib/aws-apigateway';
import type { IAccessLogSettings } from 'aws-cdk-lib/aws-apigatewayv2';
import { ManagedPolicy, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { acknowledge } from './nag.ts';

/**
 * The fields of a socket request in the access log. An allow-list keeps the query string, the cookies and the
 * authorizer's context out (https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-logging.html).
 */
export const socketLogFormat = JSON.stringify({
  requestId: '$context.requestId',
  time: '$context.requestTime',
  connectionId: '$context.connectionId',
  eventType: '$context.eventType',
  routeKey: '$context.routeKey',
  status: '$context.status',
  error: '$context.error.responseType',
  authorizerStatus: '$context.authorizer.status',
  authorizerLatency: '$context.authorizer.latency',
  integrationStatus: '$context.integration.status',
  integrationLatency: '$context.integration.latency',
  sourceIp: '$context.identity.sourceIp',
});

/**
 * The fields of a request to the HTTP API. It logs the route instead of the path, because paths contain user ids
 * (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html).
 */
export const httpLogFormat = JSON.stringify({
  requestId: '$context.requestId',
  time: '$context.requestTime',
  routeKey: '$context.routeKey',
  status: '$context.status',
  error: '$context.error.responseType',
  integrationStatus: '$context.integration.status',
  integrationLatency: '$context.integration.latency',
  sourceIp: '$context.identity.sourceIp',
});

export function accessLog(scope: Construct, retention: RetentionDays, format: string): IAccessLogSettings {
  const group = new LogGroup(scope, 'AccessLog', { retention, removalPolicy: RemovalPolicy.DESTROY });
  // Not `group.logGroupArn`: API Gateway stores it without the `:*` at its end, so drift detection would report a
  // change.
  const destinationArn = Stack.of(scope).formatArn({
    service: 'logs',
    resource: 'log-group',
    resourceName: group.logGroupName,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
  return { destination: { bind: () => ({ destinationArn }) }, format: AccessLogFormat.custom(format) };
}

/**
 * The role that API Gateway needs, once per account and region, before any stage may write an access log
 * (https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html). It stays when the stack is
 * deleted.
 */
export function createLogAccount(scope: Construct): CfnAccount {
  const role = new Role(scope, 'LogRole', {
    description: 'Lets API Gateway write the access logs of every API in this account and region',
    assumedBy: new ServicePrincipal('apigateway.amazonaws.com'),
    managedPolicies: [ManagedPolicy.fromAwsManagedPolicyName('service-role/AmazonAPIGatewayPushToCloudWatchLogs')],
  });
  role.applyRemovalPolicy(RemovalPolicy.RETAIN);
  acknowledge(
    role,
    'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]',
    'The role serves every API of the account, so it has the policy that AWS prescribes for it.',
  );
  const account = new CfnAccount(scope, 'LogAccount', { cloudWatchRoleArn: role.roleArn });
  account.applyRemovalPolicy(RemovalPolicy.RETAIN);
  return account;
}
