import { validateHeaderName, validateHeaderValue } from 'node:http';
import { parseJson } from '../http/input.ts';
import type { InvokePermissions } from '../iam/invoke-permissions.ts';
import type { LocalFunction } from '../lambda/function.ts';
import type { Functions } from '../lambda/functions.ts';
import { failure, type InvocationResult } from '../lambda/invocation.ts';
import type { StackResource } from '../template/stack.ts';

/** Answers a route: a function, or API Gateway itself (MOCK). */
export interface Integration {
  /**
   * @param event made by `events.ts`
   * @param sourceArn the route's ARN in IAM: `arn:aws:execute-api:{region}:{account}:{api}/{stage}/{route key}`
   */
  run(event: object, sourceArn: string): Promise<IntegrationResult>;
}

/** The result of an integration or an authorizer. */
export type IntegrationResult = InvocationResult & {
  /** Set if API Gateway caused the failure. The error type cannot tell, because a function may use the same type. */
  readonly cause?: 'denied' | 'timed out';
};

/** The response template of a MOCK integration. */
export interface IntegrationResponse {
  readonly logicalId: string;
  readonly template: string | undefined;
}

// Quota and default: docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
export const integrationTimeoutMs = 29_000;
const shortestTimeoutMs = 50;
const service = 'apigateway.amazonaws.com';

export interface IntegrationParts {
  readonly functions: Functions;
  readonly permissions: InvokePermissions;
  /** The responses of a MOCK integration. */
  readonly responses: readonly IntegrationResponse[];
  readonly stageVariables: Readonly<Record<string, string>>;
}

/** @throws with the logical id if it cannot run here */
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

/** @param longestMs the limit of this kind of API, also the default */
export function readTimeout({ logicalId, properties }: StackResource, longestMs: number): number {
  const timeoutMs = properties.optionalNumber('TimeoutInMillis') ?? longestMs;
  if (timeoutMs >= shortestTimeoutMs && timeoutMs <= longestMs) return timeoutMs;
  throw new Error(`${logicalId}.TimeoutInMillis: must be ${shortestTimeoutMs} to ${longestMs}, not ${timeoutMs}.`);
}

/** An integration or an authorizer. API Gateway invokes both in the same way. */
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
      return invokeWithTimeout(target, event, timeoutMs);
    },
  };
}

/** The URI is `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/<function ARN>/invocations`, or just the function's ARN. */
function functionAt(uri: string, path: string, functions: Functions): LocalFunction {
  const functionArn = /:lambda:path\/2015-03-31\/functions\/(.+)\/invocations$/.exec(uri)?.[1] ?? uri;
  const found = functions.find(functionArn);
  if (found === undefined) throw new Error(`${path}: ${uri} is not a function of this stack.`);
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

/** Invokes with API Gateway's timeout. The function continues to run after it, as in AWS. */
async function invokeWithTimeout(target: LocalFunction, event: object, timeoutMs: number): Promise<IntegrationResult> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<IntegrationResult>((resolve) => {
    const failed = failure('IntegrationTimeout', 'Endpoint request timed out');
    timer = setTimeout(() => resolve({ ...failed, cause: 'timed out' }), timeoutMs);
  });
  try {
    return await Promise.race([target.invoke(JSON.stringify(event)), timeout]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * API Gateway answers without a function. The request template has the status, the integration response the body.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-integration-responses.html
 */
function createMock(
  { logicalId, properties }: StackResource,
  responses: readonly IntegrationResponse[],
  stageVariables: Readonly<Record<string, string>>,
): Integration {
  const [response, ...others] = responses;
  if (others.length > 0) throw new Error(`${logicalId}: more than one integration response is not emulated.`);
  const render = response?.template === undefined ? () => '' : compile(response.template, response.logicalId);
  const statusCode = statusIn(logicalId, properties.optionalObject('RequestTemplates'));
  return {
    run: async (event) => {
      const { requestContext } = event as { requestContext?: Record<string, unknown> };
      const body = render({ context: requestContext ?? {}, stageVariables });
      return { outcome: 'returned', payload: JSON.stringify({ statusCode, body }) };
    },
  };
}

/** @throws with the path of a setting that is not emulated */
export function readIntegrationResponse({ logicalId, properties }: StackResource): IntegrationResponse {
  const key = properties.text('IntegrationResponseKey');
  if (key !== '$default') {
    throw new Error(`${logicalId}.IntegrationResponseKey: ${key} is not emulated: only $default is.`);
  }
  const templates = Object.values(properties.optionalObject('ResponseTemplates') ?? {});
  if (templates.length > 1) throw new Error(`${logicalId}.ResponseTemplates: more than one is not emulated.`);
  return { logicalId, template: templates[0] === undefined ? undefined : String(templates[0]) };
}

/** `{"200": "{\"statusCode\": 200}"}`. Choosing among several by the message is not emulated. */
function statusIn(logicalId: string, requestTemplates: object = {}): number {
  const templates: unknown[] = Object.values(requestTemplates);
  if (templates.length > 1) throw new Error(`${logicalId}.RequestTemplates: more than one is not emulated.`);
  const template = String(templates[0] ?? '');
  if (/[$#]/.test(template)) {
    throw new Error(`${logicalId}.RequestTemplates: the template language is not emulated here.`);
  }
  return Number(/"?statusCode"?\s*:\s*"?(\d{3})/.exec(template)?.[1] ?? 200);
}

type Scope = Readonly<Record<'context' | 'stageVariables', Readonly<Record<string, unknown>>>>;

/**
 * Supports only variables of the template language: `$context.connectionId`, `${stageVariables.name}`.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-mapping-template-reference.html
 */
function compile(template: string, logicalId: string): (scope: Scope) => string {
  const variable = /\$\{?(context|stageVariables)((?:\.[A-Za-z0-9_]+)+)\}?/g;
  const rest = template.replaceAll(variable, '');
  if (/[$#]/.test(rest)) {
    throw new Error(
      `${logicalId}.ResponseTemplates: only $context.… and $stageVariables.… of the template language are emulated.`,
    );
  }
  return (scope) =>
    template.replaceAll(variable, (_, root: keyof Scope, path: string) => {
      let value: unknown = scope[root];
      for (const name of path.slice(1).split('.')) {
        value = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
      }
      return value === undefined ? '' : String(value);
    });
}

/** The answer of a Lambda proxy integration. */
export interface ProxyResponse {
  readonly statusCode: number;
  readonly body: string;
  header(name: string): string | undefined;
}

/** @returns undefined if the integration failed or its answer is not a proxy response */
export function readProxyResponse(result: InvocationResult): ProxyResponse | undefined {
  if (result.outcome === 'failed') return undefined;
  const answer = parseJson(result.payload);
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) return undefined;

  const { statusCode, body = '', headers = {}, multiValueHeaders = {} } = answer as Record<string, unknown>;
  const status = readStatusCode(statusCode);
  if (status === undefined) return undefined;
  if (body !== null && typeof body !== 'string') return undefined;
  if (typeof headers !== 'object' || typeof multiValueHeaders !== 'object') return undefined;
  const all = [...Object.entries(headers ?? {}), ...Object.entries(multiValueHeaders ?? {})];
  return {
    statusCode: status,
    body: body ?? '',
    header(name) {
      const value: unknown = all.find(([each]) => each.toLowerCase() === name.toLowerCase())?.[1];
      return readHeaderValue(Array.isArray(value) ? value[0] : value);
    },
  };
}

/** @returns undefined for an invalid status, including objects that JavaScript would convert to numbers */
export function readStatusCode(value: unknown): number | undefined {
  if (typeof value !== 'number' && typeof value !== 'string') return undefined;
  const status = Number(value);
  return Number.isInteger(status) && status >= 100 && status <= 599 ? status : undefined;
}

/** @returns undefined for a value that is not text */
export function readHeaderValue(value: unknown): string | undefined {
  const isText = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
  return isText ? String(value) : undefined;
}

/** Whether name and value are valid in HTTP. A line break in a value would start another header. */
export function isHeader(name: string, value: string): boolean {
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    return true;
  } catch {
    return false;
  }
}
