import type { TestResource, TestTemplate } from './assembly.ts';

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
      ...lambda(
        'Message',
        'message',
        { Environment: { Variables: { ENDPOINT: managementUrl, TABLE: { Ref: 'Table' } } } },
        allow('execute-api:ManageConnections', apiArn('/prod/*/@connections/*')),
      ),
      ...lambda('Disconnect', 'disconnect'),
      ...lambda(
        'Worker',
        'worker',
        { Environment: { Variables: { OWN: 'of the template', AWS_REGION: 'nowhere' } } },
        allow(['lambda:InvokeFunction', 'secretsmanager:GetSecretValue', 'dynamodb:*'], '*'),
      ),
      ...permission('AuthorizerPermission', 'Authorizer', { authorizer: 'ConnectAuthorizer' }),
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

type Resources = TestTemplate['Resources'];

interface Statement {
  readonly Effect: 'Allow';
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
}

function allow(Action: Statement['Action'], Resource: unknown): Statement {
  return { Effect: 'Allow', Action, Resource };
}

/** Of the API, or of what comes behind its id. */
function apiArn(...behind: readonly unknown[]) {
  const start = ['arn:aws:execute-api:', { Ref: 'AWS::Region' }, ':', { Ref: 'AWS::AccountId' }, ':', { Ref: 'Api' }];
  return { 'Fn::Join': ['', [...start, ...behind]] };
}

const trust = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'lambda.amazonaws.com' } }],
};

function lambda(
  logicalId: string,
  handler: string,
  more: Record<string, unknown> = {},
  ...statements: readonly Statement[]
): Resources {
  const Code = { S3Bucket: 'assets', S3Key: `${handler}.zip` };
  const Role = { 'Fn::GetAtt': [`${logicalId}Role`, 'Arn'] };
  const PolicyDocument = { Version: '2012-10-17', Statement: statements };
  return {
    [`${logicalId}Role`]: {
      Type: 'AWS::IAM::Role',
      Properties: {
        AssumeRolePolicyDocument: trust,
        ManagedPolicyArns: ['arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole'],
        ...(statements.length === 0 ? {} : { Policies: [{ PolicyName: 'own', PolicyDocument }] }),
      },
    },
    [logicalId]: {
      Type: 'AWS::Lambda::Function',
      Properties: { Code, Handler: 'index.handler', Role, Runtime: 'nodejs24.x', ...more },
    },
  };
}

/** As CDK writes it: any stage, and no slash before the route's key. */
export function permission(
  logicalId: string,
  target: string,
  source: { route: string } | { authorizer: string },
): Resources {
  const SourceArn =
    'route' in source ? apiArn(`/*${source.route}`) : apiArn('/authorizers/', { Ref: source.authorizer });
  return {
    [logicalId]: {
      Type: 'AWS::Lambda::Permission',
      Properties: {
        Action: 'lambda:InvokeFunction',
        FunctionName: { 'Fn::GetAtt': [target, 'Arn'] },
        Principal: 'apigateway.amazonaws.com',
        SourceArn,
      },
    },
  };
}

function route(logicalId: string, key: string, target: string, more: Record<string, unknown> = {}): Resources {
  return {
    ...permission(`${logicalId}Permission`, target, { route: key }),
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

/** A route to the message function whose reply is sent, as `$default` has it. */
export function addTwoWayRoute({ Resources }: TestTemplate, key: string): void {
  const RouteResponseSelectionExpression = '$default';
  Object.assign(Resources, route('AddedRoute', key, 'Message', { RouteResponseSelectionExpression }), {
    AddedRouteResponse: {
      Type: 'AWS::ApiGatewayV2::RouteResponse',
      Properties: { ApiId: { Ref: 'Api' }, RouteId: { Ref: 'AddedRoute' }, RouteResponseKey: '$default' },
    },
  });
}

/** Then a message that matches no route has nowhere to go. */
export function dropDefaultRoute({ Resources }: TestTemplate): void {
  delete Resources['DefaultRoute'];
  delete Resources['DefaultRouteResponse'];
}

/** Then everybody gets in, and no function starts for that. */
export function dropConnectRoute({ Resources }: TestTemplate): void {
  delete Resources['ConnectRoute'];
  delete Resources['ConnectAuthorizer'];
  delete Resources['AuthorizerPermission'];
}

/** Changes some properties of a resource that is there. */
export function setProperties({ Resources }: TestTemplate, logicalId: string, properties: object): void {
  const { Properties } = Resources[logicalId] as TestResource;
  Object.assign(Properties ?? {}, properties);
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
