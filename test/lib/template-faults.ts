import type { Resource, Template } from './deployment.ts';

type Check = (properties: Resource['Properties']) => readonly (string | false)[];

/**
 * The verbs that we know of, each from its service's page in the Service Authorization Reference
 * (https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html).
 */
const knownActions = new Set([
  'dynamodb:BatchGetItem',
  'dynamodb:DeleteItem',
  'dynamodb:GetItem',
  'dynamodb:PutItem',
  'dynamodb:Query',
  'dynamodb:Scan',
  'dynamodb:UpdateItem',
  'execute-api:ManageConnections',
  'lambda:InvokeFunction',
  'logs:CreateLogStream',
  'logs:PutLogEvents',
  'secretsmanager:GetSecretValue',
  'sts:AssumeRole',
]);

/** What CloudFormation, or the first call, would refuse and the validator of aws-cdk-lib 2.276 lets pass. */
const checks: Readonly<Record<string, Check>> = {
  'AWS::DynamoDB::Table': ({ TableName, KeySchema, AttributeDefinitions }) => {
    const defined = AttributeDefinitions.map(({ AttributeName }: { AttributeName: string }) => AttributeName);
    return [
      TableName !== undefined && !/^[a-zA-Z0-9_.-]{3,255}$/.test(TableName) && `TableName ${TableName}`,
      KeySchema[0].KeyType !== 'HASH' && `first KeyType ${KeySchema[0].KeyType}`,
      KeySchema[1] !== undefined && KeySchema[1].KeyType !== 'RANGE' && `second KeyType ${KeySchema[1].KeyType}`,
      ...KeySchema.map(
        ({ AttributeName }: { AttributeName: string }) =>
          !defined.includes(AttributeName) && `key ${AttributeName} without a definition`,
      ),
    ];
  },
  'AWS::ApiGatewayV2::Api': ({ ProtocolType, RouteSelectionExpression }) => [
    ProtocolType === 'WEBSOCKET' && RouteSelectionExpression === undefined && 'no RouteSelectionExpression',
  ],
  'AWS::ApiGatewayV2::Route': ({ AuthorizationType = 'NONE', AuthorizerId, RouteKey }) => [
    !['NONE', 'AWS_IAM', 'CUSTOM'].includes(AuthorizationType) && `AuthorizationType ${AuthorizationType}`,
    (AuthorizationType === 'NONE') !== (AuthorizerId === undefined) && `${AuthorizationType} and its AuthorizerId`,
    AuthorizationType !== 'NONE' && RouteKey !== '$connect' && `an authorizer on ${RouteKey}`,
  ],
  'AWS::ApiGatewayV2::Authorizer': ({ AuthorizerType }) => [
    AuthorizerType !== 'REQUEST' && `AuthorizerType ${AuthorizerType}`,
  ],
  'AWS::IAM::Policy': ({ PolicyDocument }) => unknownActions(PolicyDocument),
  'AWS::IAM::Role': ({ AssumeRolePolicyDocument }) => unknownActions(AssumeRolePolicyDocument),
  'AWS::Lambda::Permission': ({ Action, SourceArn }) => [
    !knownActions.has(Action) && `unknown action ${Action}`,
    SourceArn === undefined && 'no SourceArn, so the whole service of every account may call it',
  ],
};

function unknownActions({ Statement }: { readonly Statement: readonly { readonly Action: unknown }[] }) {
  const actions = Statement.flatMap(({ Action }) => [Action].flat()).map(String);
  return actions.map((action) => !knownActions.has(action) && `unknown action ${action}`);
}

/** One sentence per fault: the type and what is wrong there. */
export function findTemplateFaults({ Resources }: Template): string[] {
  return Object.values(Resources).flatMap(({ Type, Properties }) =>
    (checks[Type]?.(Properties) ?? []).filter((fault) => fault !== false).map((fault) => `${Type}: ${fault}`),
  );
}
