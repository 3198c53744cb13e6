import { parseJson } from '../http/input.ts';
import { MalformedPolicy } from '../iam/conditions.ts';
import { type Decision, evaluate, readPolicy } from '../iam/policy.ts';
import type { InvocationResult } from '../lambda/invocation.ts';
import type { Log } from '../log.ts';
import type { StackResource } from '../template/stack.ts';
import type { AuthorizerContext, Pairs } from './events.ts';
import { type Integration, type IntegrationParts, integrationTimeoutMs, lambdaIntegration } from './integration.ts';

/** The authorizer of `$connect`. */
export interface Authorizer {
  readonly id: string;
  readonly integration: Integration;
  readonly identitySources: readonly IdentitySource[];
  readonly warnStringified: ReturnType<typeof createStringifiedWarning>;
}

export function readAuthorizer(resource: StackResource, parts: Omit<IntegrationParts, 'responses'>): Authorizer {
  const { logicalId, ref, properties } = resource;
  const type = properties.text('AuthorizerType');
  if (type !== 'REQUEST') throw new Error(`${logicalId}: a WebSocket API has no ${type} authorizers.`);
  return {
    id: ref,
    integration: lambdaIntegration(resource, 'AuthorizerUri', 'AuthorizerCredentialsArn', integrationTimeoutMs, parts),
    identitySources: properties.texts('IdentitySource').map((source) => parseIdentitySource(source, logicalId)),
    warnStringified: createStringifiedWarning(logicalId),
  };
}

export type AuthorizerDecision =
  | {
      readonly outcome: 'authorized';
      readonly context: AuthorizerContext;
      /** The keys with numbers or booleans, which became strings. */
      readonly stringified: readonly string[];
    }
  | { readonly outcome: 'refused'; readonly status: 401 | 403 | 500; readonly reason: string };

// https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
const resultLimitBytes = 8 * 1024;

/**
 * Decides about a handshake as API Gateway does, from the authorizer's answer.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-lambda-auth.html and, for the
 * statuses, https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html
 */
export function decide(result: InvocationResult, methodArn: string): AuthorizerDecision {
  if (result.outcome === 'failed') {
    if (result.errorMessage === 'Unauthorized') return refuse(401, 'the authorizer said Unauthorized');
    return refuse(500, `the authorizer failed: ${result.errorType}`);
  }
  if (Buffer.byteLength(result.payload) > resultLimitBytes) return refuse(500, 'the authorizer result is over 8 KB');

  const answer = parseJson(result.payload);
  if (typeof answer !== 'object' || answer === null) return refuse(500, 'the authorizer returned no policy');
  const { principalId, policyDocument, context = {} } = answer as Record<string, unknown>;
  if (policyDocument === undefined) return refuse(500, 'the authorizer returned no policy');
  if (typeof principalId !== 'string' || principalId === '') return refuse(500, 'the authorizer named no principalId');
  const strings = stringify(context);
  if (strings === undefined)
    return refuse(500, 'the authorizer context has values that are neither text, number nor boolean');

  const decision = evaluatePolicy(policyDocument, methodArn);
  if (decision === 'malformed') return refuse(500, 'the authorizer policy is malformed');
  if (decision !== 'allow') return refuse(403, `the authorizer policy has ${article(decision)}`);
  const stringified = Object.entries(context as object).flatMap(([key, value]) =>
    typeof value === 'string' ? [] : [key],
  );
  return { outcome: 'authorized', context: { ...strings, principalId }, stringified };
}

function refuse(status: 401 | 403 | 500, reason: string): AuthorizerDecision {
  return { outcome: 'refused', status, reason };
}

function article(decision: 'explicit deny' | 'no matching allow'): string {
  return decision === 'explicit deny' ? 'an explicit deny' : decision;
}

/** Numbers and booleans reach later events as strings. It is not documented whether AWS keeps their types, so do not rely on it. */
function stringify(context: unknown): Record<string, string> | undefined {
  if (typeof context !== 'object' || context === null || Array.isArray(context)) return undefined;
  const strings: [string, string][] = [];
  for (const [name, value] of Object.entries(context)) {
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return undefined;
    strings.push([name, String(value)]);
  }
  return Object.fromEntries(strings);
}

/** A limit, so that a function that invents keys cannot fill the memory. */
const maxKeySets = 20;

/** @returns a function that warns once per set of keys that context values become strings */
export function createStringifiedWarning(logicalId: string): (keys: readonly string[], log: Log) => void {
  const warned = new Set<string>();
  return (keys, log) => {
    const sorted = [...keys].sort();
    const keySet = JSON.stringify(sorted);
    if (keys.length === 0 || warned.has(keySet) || warned.size >= maxKeySets) return;
    warned.add(keySet);
    log({ kind: 'context-stringified', authorizer: logicalId, keys: sorted });
  };
}

/** The place of an identity that an authorizer requires. */
export interface IdentitySource {
  readonly in: 'querystring' | 'header' | 'stageVariables' | 'context';
  readonly name: string;
}

/** @throws for a form that CloudFormation rejects, such as `$request.header.X`; aws/aws-cdk#18307 quotes the grammar */
export function parseIdentitySource(source: string, path: string): IdentitySource {
  const found = /^(?:route\.request\.(querystring|header)|(stageVariables|context))\.([a-zA-Z0-9._-]+)$/.exec(source);
  if (found === null) {
    throw new Error(
      `${path}: the identity source ${source} is none of route.request.querystring.<name>, route.request.header.<name>, ` +
        'stageVariables.<name> and context.<name>.',
    );
  }
  return { in: (found[1] ?? found[2]) as IdentitySource['in'], name: found[3] ?? '' };
}

/** The parts of a request that identity sources can name. */
export interface IdentityRequest {
  readonly headers: Pairs;
  readonly query: Pairs;
  readonly stageVariables: Readonly<Record<string, string>>;
  readonly context: Readonly<Record<string, unknown>>;
}

/** "Every source must be present, not null and non-empty": CfnAuthorizer.identitySource. */
export function hasIdentity(source: IdentitySource, request: IdentityRequest): boolean {
  switch (source.in) {
    case 'querystring':
      return request.query.some(([name, value]) => name === source.name && value !== '');
    case 'header': {
      const wanted = source.name.toLowerCase();
      return request.headers.some(([name, value]) => name.toLowerCase() === wanted && value !== '');
    }
    case 'stageVariables':
      return (request.stageVariables[source.name] ?? '') !== '';
    case 'context':
      return (valueAt(request.context, source.name) ?? '') !== '';
  }
}

function valueAt(context: unknown, path: string): unknown {
  const step = (value: unknown, name: string) => (Object(value) as Record<string, unknown>)[name];
  return path.split('.').reduce(step, context);
}

/** The decision of an authorizer's policy for one method ARN. */
type PolicyDecision = Decision | 'malformed';

// It is not documented whether API Gateway supports conditions and Not… elements here. Ignoring one could allow what AWS denies.
const elements = ['Sid', 'Effect', 'Action', 'Resource'];

export function evaluatePolicy(document: unknown, methodArn: string): PolicyDecision {
  try {
    const statements = readPolicy(document, 'policyDocument', elements);
    return evaluate(statements, { action: 'execute-api:Invoke', resource: methodArn });
  } catch (error) {
    if (error instanceof MalformedPolicy) return 'malformed';
    throw error;
  }
}
