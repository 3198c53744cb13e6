import { createHash } from 'node:crypto';
import type { Template } from '../assembly.ts';
import type { Value } from './resolve.ts';

export const accountId = '123456789012';

/** What `Ref` and `Fn::GetAtt` answer for every resource of the stack. */
export interface PhysicalIds {
  ref(name: string, path: string): string;
  attribute(logicalId: string, attribute: string, path: string): Value;
}

interface Identity {
  readonly ref: string;
  readonly attributes: Readonly<Record<string, string>>;
}

interface Stack {
  readonly name: string;
  readonly region: string;
}

/**
 * Ids are derived from logical ids, so that they are the same at each start and can be read in logs.
 */
export function assignPhysicalIds(template: Template, stack: Stack): PhysicalIds {
  const identities = new Map<string, Identity>();
  for (const [logicalId, { Type, Properties }] of Object.entries(template.Resources)) {
    identities.set(logicalId, identify(Type, logicalId, Properties ?? {}, stack));
  }
  const pseudo: Record<string, string> = {
    'AWS::AccountId': accountId,
    'AWS::Region': stack.region,
    'AWS::Partition': 'aws',
    'AWS::URLSuffix': 'amazonaws.com',
    'AWS::StackName': stack.name,
    'AWS::StackId': arn(stack, 'cloudformation', `stack/${stack.name}/${hash(stack.name, 12)}`),
  };
  return {
    ref(name, path) {
      const id = identities.get(name)?.ref ?? pseudo[name] ?? defaultOf(template, name, path);
      if (id === undefined) throw new Error(`${path}: Ref to ${name}, which is neither a resource nor known here.`);
      return id;
    },
    attribute(logicalId, attribute, path) {
      const value = identities.get(logicalId)?.attributes[attribute];
      if (value === undefined) throw new Error(`${path}: ${logicalId} has no attribute ${attribute} here.`);
      return value;
    },
  };
}

/** A parameter has the value that a deployment without `--parameters` gives it. */
function defaultOf(template: Template, name: string, path: string): string | undefined {
  const parameter = template.Parameters?.[name];
  if (parameter === undefined) return undefined;
  // Of others, such as AWS::SSM::Parameter::Value<String>, the default only says where the value is.
  if (parameter.Default === undefined || !['String', 'Number'].includes(parameter.Type)) {
    throw new Error(
      `${path}: the parameter ${name} has no value here: only String and Number with a Default have one.`,
    );
  }
  return String(parameter.Default);
}

function identify(type: string, logicalId: string, properties: Record<string, unknown>, stack: Stack): Identity {
  const named = (property: string) => {
    const given = properties[property];
    return typeof given === 'string' ? given : `${stack.name}-${logicalId}`;
  };
  const id = hash(`${stack.name}/${logicalId}`, 10);
  switch (type) {
    case 'AWS::Lambda::Function': {
      const name = named('FunctionName');
      return { ref: name, attributes: { Arn: arn(stack, 'lambda', `function:${name}`) } };
    }
    case 'AWS::DynamoDB::Table': {
      const name = named('TableName');
      return { ref: name, attributes: { Arn: arn(stack, 'dynamodb', `table/${name}`) } };
    }
    case 'AWS::SecretsManager::Secret': {
      const secretArn = arn(stack, 'secretsmanager', `secret:${named('Name')}-${hash(logicalId, 6)}`);
      return { ref: secretArn, attributes: { Id: secretArn } };
    }
    case 'AWS::IAM::Role': {
      const name = named('RoleName');
      return { ref: name, attributes: { Arn: `arn:aws:iam::${accountId}:role/${name}`, RoleId: `AROA${id}` } };
    }
    case 'AWS::IAM::ManagedPolicy': {
      const policyArn = `arn:aws:iam::${accountId}:policy/${named('ManagedPolicyName')}`;
      return { ref: policyArn, attributes: { PolicyArn: policyArn } };
    }
    case 'AWS::Logs::LogGroup': {
      const name = named('LogGroupName');
      return { ref: name, attributes: { Arn: arn(stack, 'logs', `log-group:${name}:*`) } };
    }
    case 'AWS::Events::Rule': {
      const name = named('Name');
      return { ref: name, attributes: { Arn: arn(stack, 'events', `rule/${name}`) } };
    }
    case 'AWS::CloudWatch::Alarm': {
      const name = named('AlarmName');
      return { ref: name, attributes: { Arn: arn(stack, 'cloudwatch', `alarm:${name}`) } };
    }
    case 'AWS::ApiGatewayV2::Api': {
      // https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-apigatewayv2-api.html
      const host = `${id}.execute-api.${stack.region}.amazonaws.com`;
      const scheme = properties.ProtocolType === 'WEBSOCKET' ? 'wss' : 'https';
      return { ref: id, attributes: { ApiId: id, ApiEndpoint: `${scheme}://${host}` } };
    }
    case 'AWS::ApiGatewayV2::Stage':
      return { ref: named('StageName'), attributes: {} };
    case 'AWS::ApiGatewayV2::Authorizer':
      return { ref: id, attributes: { AuthorizerId: id } };
    case 'AWS::ApiGatewayV2::Deployment':
      return { ref: id, attributes: { DeploymentId: id } };
    case 'AWS::ApiGatewayV2::Integration':
      return { ref: id, attributes: { IntegrationId: id } };
    case 'AWS::ApiGatewayV2::Route':
      return { ref: id, attributes: { RouteId: id } };
    default:
      return { ref: `${stack.name}-${logicalId}`, attributes: {} };
  }
}

function arn(stack: Stack, service: string, resource: string): string {
  return `arn:aws:${service}:${stack.region}:${accountId}:${resource}`;
}

/** Lower-case letters and digits, as in the ids of real APIs. */
function hash(text: string, length: number): string {
  const digest = createHash('sha256').update(text).digest();
  return Array.from(digest.subarray(0, length), (byte) => (byte % 36).toString(36)).join('');
}
