import { createHash } from 'node:crypto';
import type { Template } from './assembly.ts';
import { refuseUnknownType } from './known-properties.ts';
import type { PhysicalIds, Resolver, Value } from './resolve.ts';

/** The account id of an environment-agnostic stack. */
export const defaultAccountId = '123456789012';

interface Identity {
  readonly ref: string;
  readonly attributes: Readonly<Record<string, string>>;
}

type NamedValues = Readonly<Record<string, Value | undefined>>;

/** The region and account of the resources. */
export interface Place {
  readonly region: string;
  readonly accountId: string;
}

interface Stack extends Place {
  readonly name: string;
}

/**
 * Derives physical ids from logical ids, so that they are stable and readable in logs.
 * @param resolve resolves names in the template, which may refer to other resources
 */
export function assignPhysicalIds(template: Template, stack: Stack, resolve: Resolver['resolve']): PhysicalIds {
  const identities = new Map<string, Identity | 'being made'>();

  function identityOf(logicalId: string): Identity | undefined {
    const known = identities.get(logicalId);
    if (known === 'being made') throw new Error(`${logicalId}: its name refers to itself.`);
    if (known !== undefined || !Object.hasOwn(template.Resources, logicalId)) return known;
    const { Type = '', Properties = {} } = template.Resources[logicalId] ?? {};
    identities.set(logicalId, 'being made');
    const identity = identify(Type, logicalId, stack, (property) => {
      // Wrapped in an object, because the name may be AWS::NoValue.
      const { [property]: given } = resolve({ [property]: Properties[property] ?? null }, logicalId) as NamedValues;
      return given === undefined || given === null ? undefined : String(given);
    });
    identities.set(logicalId, identity);
    return identity;
  }

  const pseudo: Record<string, string> = {
    'AWS::AccountId': stack.accountId,
    'AWS::Region': stack.region,
    'AWS::Partition': 'aws',
    'AWS::URLSuffix': 'amazonaws.com',
    'AWS::StackName': stack.name,
    'AWS::StackId': arn('cloudformation', stack, `stack/${stack.name}/${hash(stack.name, 12)}`),
  };
  return {
    ref(name, path) {
      const id = identityOf(name)?.ref ?? pseudo[name] ?? defaultOf(template, name, path);
      if (id === undefined) throw new Error(`${path}: Ref to ${name}, which is neither a resource nor known here.`);
      return id;
    },
    attribute(logicalId, attribute, path) {
      const value = identityOf(logicalId)?.attributes[attribute];
      if (value === undefined) {
        // For an unknown type, its own error is more helpful.
        const type = template.Resources[logicalId]?.Type;
        if (type !== undefined) refuseUnknownType(logicalId, type);
        throw new Error(`${path}: ${logicalId} has no attribute ${attribute} here.`);
      }
      return value;
    },
  };
}

/** The value of a parameter in a deployment without `--parameters`. */
function defaultOf(template: Template, name: string, path: string): string | undefined {
  const parameter = template.Parameters?.[name];
  if (parameter === undefined) return undefined;
  // For other types, such as AWS::SSM::Parameter::Value<String>, the default is only the location of the value.
  if (parameter.Default === undefined || !['String', 'Number'].includes(parameter.Type)) {
    throw new Error(
      `${path}: the parameter ${name} has no value here: only String and Number with a Default have one.`,
    );
  }
  return String(parameter.Default);
}

function identify(
  type: string,
  logicalId: string,
  stack: Stack,
  given: (property: string) => string | undefined,
): Identity {
  const named = (property: string) => given(property) ?? `${stack.name}-${logicalId}`;
  // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-friendly-names
  const iamPath = given('Path') ?? '/';
  const id = hash(`${stack.name}/${logicalId}`, 10);
  switch (type) {
    case 'AWS::Lambda::Function': {
      const name = named('FunctionName');
      return { ref: name, attributes: { Arn: arn('lambda', stack, `function:${name}`) } };
    }
    case 'AWS::DynamoDB::Table':
    case 'AWS::DynamoDB::GlobalTable': {
      const name = named('TableName');
      return { ref: name, attributes: { Arn: arn('dynamodb', stack, `table/${name}`) } };
    }
    case 'AWS::SecretsManager::Secret': {
      const secretArn = arn('secretsmanager', stack, `secret:${named('Name')}-${hash(logicalId, 6)}`);
      return { ref: secretArn, attributes: { Id: secretArn } };
    }
    case 'AWS::IAM::Role': {
      const name = named('RoleName');
      return {
        ref: name,
        attributes: { Arn: `arn:aws:iam::${stack.accountId}:role${iamPath}${name}`, RoleId: `AROA${id}` },
      };
    }
    case 'AWS::IAM::ManagedPolicy': {
      const policyArn = `arn:aws:iam::${stack.accountId}:policy${iamPath}${named('ManagedPolicyName')}`;
      return { ref: policyArn, attributes: { PolicyArn: policyArn } };
    }
    case 'AWS::Logs::LogGroup': {
      const name = named('LogGroupName');
      return { ref: name, attributes: { Arn: arn('logs', stack, `log-group:${name}:*`) } };
    }
    case 'Custom::LogRetention':
      return { ref: id, attributes: { LogGroupName: named('LogGroupName') } };
    case 'AWS::Events::Rule': {
      const name = named('Name');
      return { ref: name, attributes: { Arn: arn('events', stack, `rule/${name}`) } };
    }
    case 'AWS::CloudWatch::Alarm': {
      const name = named('AlarmName');
      return { ref: name, attributes: { Arn: arn('cloudwatch', stack, `alarm:${name}`) } };
    }
    case 'AWS::ApiGatewayV2::Api': {
      // https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-apigatewayv2-api.html
      const host = `${id}.execute-api.${stack.region}.amazonaws.com`;
      const scheme = given('ProtocolType') === 'WEBSOCKET' ? 'wss' : 'https';
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

export function arn(service: string, { region, accountId }: Place, resource: string): string {
  return `arn:aws:${service}:${region}:${accountId}:${resource}`;
}

/** Lower-case letters and digits, like real API ids. */
function hash(text: string, length: number): string {
  const digest = createHash('sha256').update(text).digest();
  return Array.from(digest.subarray(0, length), (byte) => (byte % 36).toString(36)).join('');
}
