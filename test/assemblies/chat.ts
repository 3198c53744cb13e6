import type { TestTemplate } from './assembly.ts';

/** A small WebSocket API with one of everything that the local cloud runs, as CDK would write it. */
export function chatTemplate(): TestTemplate {
  return {
    Resources: {
      Api: {
        Type: 'AWS::ApiGatewayV2::Api',
        Properties: {
          Name: 'Chat',
          ProtocolType: 'WEBSOCKET',
          RouteSelectionExpression: '$request.body.action',
        },
      },
      Stage: {
        Type: 'AWS::ApiGatewayV2::Stage',
        Properties: { ApiId: { Ref: 'Api' }, StageName: 'prod', AutoDeploy: true },
      },
      ...lambda('Authorizer', 'authorizer', { Timeout: 1 }),
      ...lambda('Connect', 'connect', { Timeout: 5 }),
      ...lambda('Message', 'message', {
        Environment: { Variables: { ENDPOINT: managementUrl, TABLE: { Ref: 'Table' } } },
      }),
      ...lambda('Disconnect', 'disconnect'),
      ...lambda('Worker', 'worker', { Environment: { Variables: { OWN: 'of the template', AWS_REGION: 'nowhere' } } }),
      ConnectAuthorizer: {
        Type: 'AWS::ApiGatewayV2::Authorizer',
        Properties: {
          ApiId: { Ref: 'Api' },
          Name: 'ConnectAuthorizer',
          AuthorizerType: 'REQUEST',
          AuthorizerUri: invocationUri('Authorizer'),
          IdentitySource: ['route.request.querystring.token'],
        },
      },
      ...route('ConnectRoute', '$connect', 'Connect', {
        AuthorizationType: 'CUSTOM',
        AuthorizerId: { Ref: 'ConnectAuthorizer' },
      }),
      ...route('DisconnectRoute', '$disconnect', 'Disconnect'),
      ...route('OneWayRoute', 'oneWay', 'Message'),
      ...route('DefaultRoute', '$default', 'Message', { RouteResponseSelectionExpression: '$default' }),
      DefaultRouteResponse: {
        Type: 'AWS::ApiGatewayV2::RouteResponse',
        Properties: { ApiId: { Ref: 'Api' }, RouteId: { Ref: 'DefaultRoute' }, RouteResponseKey: '$default' },
      },
      Table: {
        Type: 'AWS::DynamoDB::Table',
        Properties: {
          AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
          KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
          BillingMode: 'PAY_PER_REQUEST',
          TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
        },
      },
      Credentials: {
        Type: 'AWS::SecretsManager::Secret',
        Properties: {
          GenerateSecretString: {
            SecretStringTemplate: '{"key":"public"}',
            GenerateStringKey: 'secret',
            PasswordLength: 40,
            ExcludePunctuation: true,
          },
        },
      },
      WorkerRetries: {
        Type: 'AWS::Lambda::EventInvokeConfig',
        Properties: { FunctionName: { Ref: 'Worker' }, Qualifier: '$LATEST', MaximumRetryAttempts: 0 },
      },
      Log: { Type: 'AWS::Logs::LogGroup', Properties: { RetentionInDays: 7 } },
    },
    Outputs: {
      WebSocketUrl: { Value: { 'Fn::Join': ['', [{ 'Fn::GetAtt': ['Api', 'ApiEndpoint'] }, '/', { Ref: 'Stage' }]] } },
      ManagementUrl: { Value: managementUrl },
      SecretArn: { Value: { Ref: 'Credentials' } },
    },
  };
}

const managementUrl = {
  'Fn::Join': [
    '',
    ['https://', { Ref: 'Api' }, '.execute-api.', { Ref: 'AWS::Region' }, '.', { Ref: 'AWS::URLSuffix' }, '/prod'],
  ],
};

function lambda(logicalId: string, handler: string, more: Record<string, unknown> = {}): TestTemplate['Resources'] {
  const Code = {
    S3Bucket: 'assets',
    S3Key: `${handler}.zip`,
  };
  const Role = { 'Fn::GetAtt': [`${logicalId}Role`, 'Arn'] };
  return {
    [`${logicalId}Role`]: { Type: 'AWS::IAM::Role', Properties: { AssumeRolePolicyDocument: {} } },
    [logicalId]: {
      Type: 'AWS::Lambda::Function',
      Properties: { Code, Handler: 'index.handler', Role, Runtime: 'nodejs24.x', ...more },
    },
  };
}

function route(logicalId: string, key: string, target: string, more: Record<string, unknown> = {}) {
  return {
    [`${logicalId}Integration`]: {
      Type: 'AWS::ApiGatewayV2::Integration',
      Properties: { ApiId: { Ref: 'Api' }, IntegrationType: 'AWS_PROXY', IntegrationUri: invocationUri(target) },
    },
    [logicalId]: {
      Type: 'AWS::ApiGatewayV2::Route',
      Properties: {
        ApiId: { Ref: 'Api' },
        RouteKey: key,
        AuthorizationType: 'NONE',
        Target: { 'Fn::Join': ['', ['integrations/', { Ref: `${logicalId}Integration` }]] },
        ...more,
      },
    },
  };
}

function invocationUri(logicalId: string) {
  const path = ':lambda:path/2015-03-31/functions/';
  return {
    'Fn::Join': [
      '',
      ['arn:aws:apigateway:', { Ref: 'AWS::Region' }, path, { 'Fn::GetAtt': [logicalId, 'Arn'] }, '/invocations'],
    ],
  };
}
