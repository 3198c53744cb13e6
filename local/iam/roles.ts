import type { Value } from '../template/resolve.ts';
import { type Properties, readProperties, type Stack, type StackResource } from '../template/stack.ts';
import { MalformedPolicy, matches } from './conditions.ts';
import { isObject, type Json, readEffect, readPolicy, readStatements, readTexts, type Statement } from './policy.ts';

/** A role of the stack with all its policies. */
export interface Role {
  readonly logicalId: string;
  readonly arn: string;
  readonly name: string;
  /** `AROA…` */
  readonly id: string;
  readonly trusts: Trust;
  readonly statements: readonly Statement[];
}

/** By ARN. */
export type Roles = ReadonlyMap<string, Role>;

interface Attached {
  /** Names of roles. */
  readonly roles: readonly string[];
  /** Of a managed policy. */
  readonly arn: string | undefined;
  readonly statements: readonly Statement[];
}

/** @throws with logical id and path for a role or policy that cannot be fully emulated */
export function readRoles(stack: Stack): Roles {
  const attached = [
    ...stack.ofType('AWS::IAM::Policy').map((each) => readAttached(each, undefined)),
    ...stack.ofType('AWS::IAM::ManagedPolicy').map((each) => readAttached(each, each.ref)),
  ];
  return new Map(
    stack.ofType('AWS::IAM::Role').map((resource) => {
      const role = readRole(resource, attached);
      return [role.arn, role];
    }),
  );
}

function readAttached({ logicalId, properties }: StackResource, arn: string | undefined): Attached {
  return {
    roles: properties.texts('Roles'),
    arn,
    statements: readPolicy(properties.value('PolicyDocument'), `${logicalId}.PolicyDocument`),
  };
}

function readRole({ logicalId, ref, properties, attribute }: StackResource, attached: readonly Attached[]): Role {
  const trust = properties.value('AssumeRolePolicyDocument');
  return {
    logicalId,
    arn: attribute('Arn'),
    name: ref,
    id: attribute('RoleId'),
    trusts: readTrust(trust, `${logicalId}.AssumeRolePolicyDocument`),
    statements: [
      ...readInline(properties, `${logicalId}.Policies`),
      ...properties.texts('ManagedPolicyArns').flatMap((arn, index) => {
        const own = attached.find((policy) => policy.arn === arn);
        return own?.statements ?? readManaged(arn, `${logicalId}.ManagedPolicyArns[${index}]`);
      }),
      ...attached.filter(({ roles }) => roles.includes(ref)).flatMap(({ statements }) => statements),
    ],
  };
}

function readInline(properties: Properties, path: string): readonly Statement[] {
  const policies = (properties.value('Policies') ?? []) as readonly Record<string, Value>[];
  return policies.flatMap((policy, index) => {
    const at = `${path}[${index}]`;
    const unknown = Object.keys(policy).find((name) => name !== 'PolicyName' && name !== 'PolicyDocument');
    if (unknown !== undefined) throw new Error(`${at}: the property ${unknown} is not emulated.`);
    return readPolicy(readProperties(policy, at).value('PolicyDocument'), `${at}.PolicyDocument`);
  });
}

function readManaged(arn: string, path: string): readonly Statement[] {
  const document = managedPolicy(arn);
  if (document === undefined) throw new Error(`${path}: the managed policy ${arn} is not known here.`);
  return readPolicy(document, path);
}

/** Whether a service, such as `lambda.amazonaws.com`, may assume a role. */
type Trust = (service: string) => boolean;

const elements = ['Sid', 'Effect', 'Action', 'Principal'];

/**
 * A role's AssumeRolePolicyDocument, for services.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_update-role-trust-policy.html
 * @throws MalformedPolicy for an invalid document or one with conditions: AWS does not document their keys for all services
 */
function readTrust(document: unknown, path: string): Trust {
  const statements = readStatements(document, path).flatMap(([statement, at]) => {
    // Accounts, users and federated identities do not exist here.
    if (isObject(statement['Principal']) && statement['Principal']['Service'] === undefined) return [];
    const unknown = Object.keys(statement).find((name) => !elements.includes(name));
    if (unknown !== undefined) throw new MalformedPolicy(`${at}.${unknown}`, 'is not emulated.');
    const actions = readTexts(statement['Action'], `${at}.Action`);
    const isToAssume = actions.some((action) => matches(action.toLowerCase(), 'sts:assumerole'));
    return [{ effect: readEffect(statement, at), isToAssume, services: readServices(statement, `${at}.Principal`) }];
  });
  return (service) => {
    const fitting = statements.filter(({ isToAssume, services }) => isToAssume && services.includes(service));
    return fitting.length > 0 && fitting.every(({ effect }) => effect === 'Allow');
  };
}

function readServices({ Principal }: Json, path: string): readonly string[] {
  if (!isObject(Principal)) throw new MalformedPolicy(path, 'must be an object.');
  return readTexts(Principal['Service'], `${path}.Service`);
}

const logs = ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'];
const interfaces = [
  'ec2:CreateNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:DeleteNetworkInterface',
  'ec2:AssignPrivateIpAddresses',
  'ec2:UnassignPrivateIpAddresses',
];
const traces = [
  'xray:PutTraceSegments',
  'xray:PutTelemetryRecords',
  'xray:GetSamplingRules',
  'xray:GetSamplingTargets',
  'xray:GetSamplingStatisticSummaries',
];
const toPushLogs = [
  'logs:CreateLogGroup',
  'logs:CreateLogStream',
  'logs:DescribeLogGroups',
  'logs:DescribeLogStreams',
  'logs:PutLogEvents',
  'logs:GetLogEvents',
  'logs:FilterLogEvents',
];

/** Keyed by the part after `arn:aws:iam::aws:policy/`. https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html */
const managedPolicies: Readonly<Record<string, Json>> = {
  AdministratorAccess: allow(['*']),
  AWSXRayDaemonWriteAccess: allow(traces),
  AWSXrayWriteOnlyAccess: allow(traces),
  AmazonAPIGatewayInvokeFullAccess: allow(
    ['execute-api:Invoke', 'execute-api:ManageConnections'],
    'arn:aws:execute-api:*:*:*',
  ),
  'service-role/AWSLambdaBasicExecutionRole': allow(logs),
  'service-role/AWSLambdaVPCAccessExecutionRole': allow([...logs, ...interfaces]),
  'service-role/AWSLambdaRole': allow(['lambda:InvokeFunction']),
  'service-role/AmazonAPIGatewayPushToCloudWatchLogs': allow(toPushLogs),
};

function allow(Action: readonly string[], Resource = '*'): Json {
  return { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action, Resource }] };
}

/** @returns undefined for an unknown policy */
function managedPolicy(arn: string): Json | undefined {
  const name = /^arn:aws:iam::aws:policy\/(.+)$/.exec(arn)?.[1] ?? '';
  return Object.hasOwn(managedPolicies, name) ? managedPolicies[name] : undefined;
}
