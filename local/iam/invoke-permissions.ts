import type { Stack, StackResource } from '../template/stack.ts';
import { matchesArn } from './conditions.ts';
import { evaluate } from './policy.ts';
import type { Roles } from './roles.ts';

/** A service that wants to invoke a function. */
export interface InvokingService {
  /** `apigateway.amazonaws.com` */
  readonly service: string;
  /** The route, authorizer or rule. */
  readonly sourceArn: string;
  readonly sourceAccount: string;
}

/** Permissions of services that invoke functions without own credentials. */
export interface InvokePermissions {
  /** Checks the function's policy, from AWS::Lambda::Permission. */
  mayInvoke(invoking: InvokingService, functionArn: string): boolean;
  /** Checks a role that a service assumes: the CredentialsArn of an integration or authorizer. */
  mayAssumeAndInvoke(service: string, roleArn: string, functionArn: string): boolean;
}

interface Permission {
  readonly functionArn: string;
  readonly principal: string;
  readonly sourceArn: string | undefined;
  readonly sourceAccount: string | undefined;
}

/** @throws with the logical id of a permission that is not emulated */
export function readInvokePermissions(stack: Stack, roles: Roles): InvokePermissions {
  const arns = new Map(
    stack
      .ofType('AWS::Lambda::Function')
      .flatMap(({ ref, attribute }) => [ref, attribute('Arn')].map((name) => [name, attribute('Arn')])),
  );
  const permissions = stack
    .ofType('AWS::Lambda::Permission')
    .map((each) => readPermission(each, arns, stack.accountId));
  return {
    mayInvoke: ({ service, sourceArn, sourceAccount }, functionArn) =>
      permissions.some(
        (permission) =>
          permission.functionArn === functionArn &&
          (permission.principal === '*' || permission.principal === service) &&
          matchesArn(permission.sourceArn ?? '*', sourceArn) &&
          (permission.sourceAccount ?? sourceAccount) === sourceAccount,
      ),
    mayAssumeAndInvoke(service, roleArn, functionArn) {
      const role = roles.get(roleArn);
      if (role === undefined || !role.trusts(service)) return false;
      return evaluate(role.statements, { action: 'lambda:InvokeFunction', resource: functionArn }) === 'allow';
    },
  };
}

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-lambda-permission.html */
function readPermission(
  { logicalId, properties }: StackResource,
  functionArns: ReadonlyMap<string, string>,
  accountId: string,
): Permission {
  const name = properties.text('FunctionName');
  const functionArn = functionArns.get(name.replace(/:\$LATEST$/, ''));
  if (functionArn === undefined) throw new Error(`${logicalId}.FunctionName: ${name} is not a function of this stack.`);

  const action = properties.text('Action');
  if (!['lambda:InvokeFunction', 'lambda:*', '*'].includes(action)) {
    throw new Error(`${logicalId}.Action: the action ${action} is not emulated: only lambda:InvokeFunction is.`);
  }
  const principal = properties.text('Principal');
  // Other accounts do not exist here. Naming the own account changes nothing: the policies of its roles decide.
  const isKnown = principal === '*' || principal === accountId || /^[a-z0-9.-]+\.amazonaws\.com$/.test(principal);
  if (!isKnown) {
    throw new Error(`${logicalId}.Principal: the principal ${principal} is not emulated: only services are.`);
  }
  return {
    functionArn,
    principal,
    sourceArn: properties.optionalText('SourceArn'),
    sourceAccount: properties.optionalText('SourceAccount'),
  };
}
