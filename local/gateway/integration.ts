import type { InvokePermissions } from '../iam/invoke-permissions.ts';
import type { LocalFunction } from '../lambda/function.ts';
import type { Functions } from '../lambda/functions.ts';
import { failure } from '../lambda/invocation.ts';
import type { StackResource } from '../template/stack.ts';
import { type IntegrationResult, invokeWithin } from './invoke.ts';
import { createMock, type IntegrationResponse } from './mock.ts';

/** What answers a route: a function, or API Gateway itself. */
export interface Integration {
  /**
   * @param event as `events.ts` makes it
   * @param sourceArn the route as IAM knows it: `arn:aws:execute-api:{region}:{account}:{api}/{stage}/{route key}`
   */
  run(event: object, sourceArn: string): Promise<IntegrationResult>;
}

// Quota and default: docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
export const integrationTimeoutMs = 29_000;
const shortestTimeoutMs = 50;
const service = 'apigateway.amazonaws.com';

export interface IntegrationParts {
  readonly functions: Functions;
  readonly permissions: InvokePermissions;
  /** Those of the integration, for a MOCK. */
  readonly responses: readonly IntegrationResponse[];
  readonly stageVariables: Readonly<Record<string, string>>;
}

/** @throws when it cannot be run here, naming it */
export function readIntegration(resource: StackResource, parts: IntegrationParts): Integration {
  const { logicalId, properties } = resource;
  const type = properties.text('IntegrationType');
  const timeoutMs = readTimeout(resource, integrationTimeoutMs);
  if (type === 'MOCK') return createMock(resource, parts.responses, parts.stageVariables);
  if (type !== 'AWS_PROXY') throw new Error(`${logicalId}: the integration type ${type} is not emulated.`);
  if (parts.responses.length > 0) {
    throw new Error(
      `${logicalId}: an integration response of the type AWS_PROXY changes nothing, and is not emulated.`,
    );
  }
  return lambdaIntegration(resource, 'IntegrationUri', 'CredentialsArn', timeoutMs, parts);
}

/** @param longestMs of this kind of API, and what holds where the template says nothing */
export function readTimeout({ logicalId, properties }: StackResource, longestMs: number): number {
  const timeoutMs = properties.optionalNumber('TimeoutInMillis') ?? longestMs;
  if (timeoutMs >= shortestTimeoutMs && timeoutMs <= longestMs) return timeoutMs;
  throw new Error(`${logicalId}.TimeoutInMillis: ${timeoutMs} is not from ${shortestTimeoutMs} to ${longestMs}.`);
}

/** An integration or an authorizer: API Gateway starts both in the same way. */
export function lambdaIntegration(
  { logicalId, properties }: StackResource,
  uri: string,
  credentials: string,
  timeoutMs: number,
  { functions, permissions, stageVariables }: Omit<IntegrationParts, 'responses'>,
): Integration {
  const path = `${logicalId}.${uri}`;
  const target = functionAt(insertStageVariables(properties.text(uri), stageVariables, path), path, functions);
  const roleArn = properties.optionalText(credentials);
  return {
    async run(event, sourceArn) {
      const isAllowed =
        roleArn === undefined
          ? permissions.mayInvoke({ service, sourceArn, sourceAccount: sourceArn.split(':')[4] ?? '' }, target.arn)
          : permissions.mayAssumeAndInvoke(service, roleArn, target.arn);
      if (!isAllowed) {
        return { ...failure('AccessDenied', `API Gateway may not invoke ${target.name}`), cause: 'denied' };
      }
      return invokeWithin(target, event, timeoutMs);
    },
  };
}

/** `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/<function ARN>/invocations`, or the function's ARN alone. */
export function functionAt(uri: string, path: string, functions: Functions): LocalFunction {
  const functionArn = /:lambda:path\/2015-03-31\/functions\/(.+)\/invocations$/.exec(uri)?.[1] ?? uri;
  const found = functions.find(functionArn);
  if (found === undefined) throw new Error(`${path}: ${uri} is no function of this stack.`);
  return found;
}

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/aws-api-gateway-stage-variables-reference.html */
function insertStageVariables(text: string, variables: Readonly<Record<string, string>>, path: string): string {
  return text.replaceAll(/\$\{stageVariables\.([A-Za-z0-9_]+)\}/g, (_, name: string) => {
    const value = variables[name];
    if (value === undefined) throw new Error(`${path}: the stage has no variable ${name}.`);
    return value;
  });
}
