import { Stack, Validations } from 'aws-cdk-lib';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { AwsSolutionsChecks } from 'cdk-nag';
import type { IConstruct } from 'constructs';
import { describe, expect, it } from 'vitest';
import { SessionSocket, SessionSocketStack } from '../../lib/index.ts';
import { createApp, deploy, least, type Template } from './deployment.ts';
import { findTemplateFaults } from './template-faults.ts';

const everything = { ...least, hello: true };

describe('a fault that the validator of aws-cdk-lib misses', () => {
  const { template } = deploy({ hello: true });

  it('is not in the template', () => {
    expect(findTemplateFaults(template)).toEqual([]);
  });

  it.each([
    ['"KeyType":"HASH"', '"KeyType":"HASHH"', 'AWS::DynamoDB::Table: first KeyType HASHH'],
    ['"KeyType":"RANGE"', '"KeyType":"SORT"', 'AWS::DynamoDB::Table: second KeyType SORT'],
    ['"KeySchema":', '"TableName":"a b","KeySchema":', 'AWS::DynamoDB::Table: TableName a b'],
    [
      '"AuthorizationType":"CUSTOM"',
      '"AuthorizationType":"CUSTOMM"',
      'AWS::ApiGatewayV2::Route: AuthorizationType CUSTOMM',
    ],
    ['"AuthorizerId":', '"Authorizer":', 'AWS::ApiGatewayV2::Route: CUSTOM and its AuthorizerId'],
    ['"RouteKey":"$connect"', '"RouteKey":"hello"', 'AWS::ApiGatewayV2::Route: an authorizer on hello'],
    ['"AuthorizerType":"REQUEST"', '"AuthorizerType":"JWT"', 'AWS::ApiGatewayV2::Authorizer: AuthorizerType JWT'],
    ['"RouteSelectionExpression":', '"RouteSelection":', 'AWS::ApiGatewayV2::Api: no RouteSelectionExpression'],
    ['"dynamodb:Scan"', '"dynamodb:Scann"', 'AWS::IAM::Policy: unknown action dynamodb:Scann'],
    ['"sts:AssumeRole"', '"sts:AssumeRoles"', 'AWS::IAM::Role: unknown action sts:AssumeRoles'],
    [
      '"lambda:InvokeFunction","FunctionName"',
      '"lambda:Invoke","FunctionName"',
      'AWS::Lambda::Permission: unknown action lambda:Invoke',
    ],
  ])('is found by our check: %s written as %s', (right, wrong, fault) => {
    const text = JSON.stringify(template);
    expect(text.includes(right)).toBe(true);
    expect(findTemplateFaults(JSON.parse(text.replace(right, wrong)) as Template)).toEqual([fault]);
  });
});

describe("cdk-nag's AwsSolutions", () => {
  it('has no finding without an acknowledgement', () => {
    const app = createApp();
    new SessionSocketStack(app, 'Shop', everything);
    expect(findingsOf(app)).toEqual([]);
  });

  it('has no finding for a user’s stack with the construct, with an account and a region', () => {
    const stack = new Stack(createApp(), 'Shop', { env: { account: '123456789012', region: 'eu-central-1' } });
    for (const id of ['Shop', 'Desk']) new SessionSocket(stack, id, everything);
    expect(findingsOf(stack)).toEqual([]);
  });

  it('has findings for everything else in that stack', () => {
    const stack = new SessionSocketStack(createApp(), 'Shop', everything);
    new Topic(stack, 'Topic');
    expect(findingsOf(stack)).toEqual(['AwsSolutions-SNS3 at Shop/Topic/Resource']);
  });

  it('is suppressed here, each time with a reason, and nowhere else', () => {
    const stack = new SessionSocketStack(createApp(), 'Shop', everything);
    const stage = 'Resource::arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>:<Api>/live';
    const posts = `${stage}/POST/@connections/*`;
    const closes = `${stage}/DELETE/@connections/*`;
    const logs = 'Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs';
    expect(acknowledgmentsOf(stack).map(({ rule, path }) => `${rule} at ${path}`)).toEqual([
      'AwsSolutions-SMG4 at Credentials',
      'AwsSolutions-DDB3 at Tables',
      'AwsSolutions-APIG4 at Sockets/Api/$disconnect-Route',
      'AwsSolutions-APIG4 at Sockets/Api/$default-Route',
      `AwsSolutions-IAM4[${logs}] at Sockets/LogRole`,
      `AwsSolutions-IAM5[${posts}] at Channels/Deliver`,
      `AwsSolutions-IAM5[${closes}] at Channels/Deliver`,
      `AwsSolutions-IAM5[${posts}] at Publish`,
      `AwsSolutions-IAM5[${closes}] at Publish`,
      'AwsSolutions-APIG4 at Http/Api/POST--apps--{app_id}--events',
      'AwsSolutions-APIG4 at Http/Api/POST--apps--{app_id}--batch_events',
      'AwsSolutions-APIG4 at Http/Api/GET--apps--{app_id}--channels',
      'AwsSolutions-APIG4 at Http/Api/GET--apps--{app_id}--channels--{channel}',
      'AwsSolutions-APIG4 at Http/Api/GET--apps--{app_id}--channels--{channel}--users',
      'AwsSolutions-APIG4 at Http/Api/POST--apps--{app_id}--users--{user_id}--terminate_connections',
      'AwsSolutions-APIG4 at Http/Api/POST--apps--{app_id}--sessions--{session_hash}--terminate_connections',
      'AwsSolutions-APIG4 at Http/Api/POST--apps--{app_id}--sessions--{session_hash}--rebind',
      `AwsSolutions-IAM5[${posts}] at Revalidation/Revalidate`,
      `AwsSolutions-IAM5[${closes}] at Revalidation/Revalidate`,
      `AwsSolutions-IAM5[${posts}] at Hello/Tick`,
      `AwsSolutions-IAM5[${posts}] at Message`,
      `AwsSolutions-IAM5[${closes}] at Message`,
      `AwsSolutions-IAM5[${posts}] at Disconnect`,
    ]);
    for (const { reason } of acknowledgmentsOf(stack)) expect(reason).toMatch(/^[A-Z].{40,}\.$/);
  });

  /** Without a synthesis, and so without CDK's own validator. */
  function findingsOf(scope: IConstruct): string[] {
    const { violations } = new AwsSolutionsChecks(scope).validateScope(scope);
    return violations.flatMap(({ ruleName, violatingResources }) =>
      violatingResources.map(({ constructPath }) => `${ruleName} at ${constructPath}`),
    );
  }

  function acknowledgmentsOf(stack: Stack) {
    return stack.node.findAll().flatMap(({ node }) =>
      node.metadata
        .filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
        .flatMap(({ data }) => Object.entries(data as Record<string, string>))
        .map(([rule, reason]) => ({
          rule: rule.replace(/^Annotation::/, '').replace(/<SessionSocketSocketsApi[0-9A-F]{8}>/, '<Api>'),
          path: node.path.replace('Shop/SessionSocket/', ''),
          reason,
        })),
    );
  }
});
