import type { Value } from '../template/resolve.ts';
import { type Properties, readProperties, type Stack, type StackResource } from '../template/stack.ts';
import { managedPolicy } from './managed-policies.ts';
import { readPolicy, type Statement } from './policy.ts';
import { readTrust, type Trust } from './trust.ts';

/** A role of the stack with all that it is allowed. */
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

/** @throws naming logical id and path for whatever of a role or policy cannot be obeyed in full */
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
  if (document === undefined) throw new Error(`${path}: what the managed policy ${arn} allows is not known here.`);
  return readPolicy(document, path);
}
