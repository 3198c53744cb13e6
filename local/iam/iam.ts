import type { Clock } from '../clock.ts';
import { tablesOf } from '../dynamodb/tables.ts';
import type { Place } from '../template/physical-ids.ts';
import type { Stack, StackResource } from '../template/stack.ts';
import { createDynamoDbNeeds, type DynamoDbNeeds } from './dynamodb-needs.ts';
import { type Caller, createGate, type Gate } from './gate.ts';
import { type InvokePermissions, readInvokePermissions } from './invoke-permissions.ts';
import { type Role, type Roles, readRoles } from './roles.ts';
import { type Credentials, newSessionCredentials, newUserCredentials } from './signature.ts';
import { createUsage, type FunctionPermissions } from './usage.ts';

/** Access control of this local cloud. */
export interface Iam {
  readonly gate: Gate;
  /** Full access, for the developer's own tools and tests. */
  readonly administrator: Credentials;
  /** The credentials that Lambda gives to a function. */
  credentialsOf(functionId: string): Required<Credentials>;
  readonly invocations: InvokePermissions;
  readonly dynamodbNeeds: DynamoDbNeeds;
  readonly place: Place;
  /** Each function's use of its permissions so far. */
  permissions(): readonly FunctionPermissions[];
}

/** @throws with logical id and path for a role, policy or permission that cannot be fully emulated */
export function createIam(stack: Stack, clock: Pick<Clock, 'now'>): Iam {
  const { region, accountId } = stack;
  const place: Place = { region, accountId };
  const roles = readRoles(stack);
  const functions = stack.ofType('AWS::Lambda::Function').map((resource) => {
    const role = executionRole(resource, roles);
    const usage = createUsage(resource.logicalId, role.logicalId, role.statements);
    const credentials = newSessionCredentials();
    const caller: Caller = {
      credentials,
      arn: `arn:aws:sts::${accountId}:assumed-role/${role.name}/${resource.ref}`,
      statements: role.statements,
      context: contextOf(resource, role, place),
      onDecision: usage.record,
    };
    return { logicalId: resource.logicalId, credentials, caller, usage };
  });
  const administrator: Caller = {
    credentials: newUserCredentials(),
    arn: `arn:aws:iam::${accountId}:user/administrator`,
    statements: undefined,
    // The developer's tools do not follow a clock that a test moved.
    now: Date.now,
    context: {},
  };
  return {
    gate: createGate({ callers: [administrator, ...functions.map(({ caller }) => caller)], region, clock }),
    administrator: administrator.credentials,
    credentialsOf(functionId) {
      const found = functions.find(({ logicalId }) => logicalId === functionId);
      if (found === undefined) throw new Error(`${functionId} is not a function of this stack.`);
      return found.credentials;
    },
    invocations: readInvokePermissions(stack, roles),
    dynamodbNeeds: createDynamoDbNeeds(tablesOf(stack), place),
    place,
    permissions: () => functions.map(({ usage }) => usage.report()),
  };
}

function executionRole({ logicalId, properties }: StackResource, roles: Roles): Role {
  const arn = properties.text('Role');
  const role = roles.get(arn);
  if (role === undefined)
    throw new Error(`${logicalId}.Role: ${arn} is not a role of this stack, so its permissions are unknown.`);
  if (!role.trusts('lambda.amazonaws.com')) {
    // The message of CreateFunction: serverless/serverless#4384.
    throw new Error(
      `${logicalId}.Role: The role defined for the function cannot be assumed by Lambda. (${role.logicalId})`,
    );
  }
  return role;
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html */
function contextOf(
  { ref, attribute }: StackResource,
  role: Role,
  { region, accountId }: Place,
): Readonly<Record<string, string>> {
  return {
    'aws:PrincipalAccount': accountId,
    'aws:PrincipalArn': role.arn,
    'aws:PrincipalIsAWSService': 'false',
    'aws:PrincipalType': 'AssumedRole',
    'aws:RequestedRegion': region,
    'aws:ResourceAccount': accountId,
    // In AWS a function always uses TLS.
    'aws:SecureTransport': 'true',
    'aws:userid': `${role.id}:${ref}`,
    'aws:ViaAWSService': 'false',
    // https://docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html
    'lambda:SourceFunctionArn': attribute('Arn'),
  };
}
