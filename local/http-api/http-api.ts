import { type Integration, lambdaIntegration, readTimeout } from '../gateway/integration.ts';
import { readStages, type Throttle } from '../gateway/stage.ts';
import type { InvokePermissions } from '../iam/invoke-permissions.ts';
import type { Functions } from '../lambda/functions.ts';
import type { Log } from '../log.ts';
import { arn } from '../template/physical-ids.ts';
import type { Stack, StackResource } from '../template/stack.ts';

/** An HTTP API with Lambda proxy integrations of payload format 2.0. */
export interface HttpApi {
  readonly logicalId: string;
  readonly accountId: string;
  readonly apiId: string;
  readonly arn: string;
  readonly stages: ReadonlyMap<string, HttpStage>;
}

export interface HttpStage {
  /** The paths of `$default` have no prefix. */
  readonly name: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly routes: readonly HttpRoute[];
  throttleOf(routeKey: string): Throttle | undefined;
}

export interface HttpRoute {
  readonly key: RouteKey;
  readonly integration: Integration;
}

// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
const longestTimeoutMs = 30_000;

/** @throws with the logical id of a part that cannot run here */
export function readHttpApi(
  stack: Stack,
  api: StackResource,
  functions: Functions,
  permissions: InvokePermissions,
  log: Log,
): HttpApi {
  const ofApi = (type: string) =>
    stack.ofType(`AWS::ApiGatewayV2::${type}`).filter(({ properties }) => properties.text('ApiId') === api.ref);
  const [authorizer] = ofApi('Authorizer');
  if (authorizer !== undefined) {
    throw new Error(`${authorizer.logicalId}: authorizers of HTTP APIs are not emulated.`);
  }
  rejectDuplicateRoutes(ofApi('Route'));
  const stages = readStages(stack, api, log).map((stage): HttpStage => {
    const parts = { functions, permissions, stageVariables: stage.variables };
    const integrations = new Map(ofApi('Integration').map((each) => [each.ref, readIntegration(each, parts)]));
    return {
      name: stage.name,
      variables: stage.variables,
      throttleOf: stage.throttleOf,
      routes: ofApi('Route')
        .filter(({ logicalId }) => stage.hasDeployed(logicalId))
        .map((each) => readRoute(each, integrations)),
    };
  });
  return {
    logicalId: api.logicalId,
    accountId: stack.accountId,
    apiId: api.ref,
    arn: arn('execute-api', stack, api.ref),
    stages: new Map(stages.map((stage) => [stage.name, stage])),
  };
}

function rejectDuplicateRoutes(routes: readonly StackResource[]): void {
  const keys = new Set<string>();
  for (const { logicalId, properties } of routes) {
    const key = properties.text('RouteKey');
    if (keys.has(key)) throw new Error(`${logicalId}: the route ${key} exists twice.`);
    keys.add(key);
  }
}

function readIntegration(resource: StackResource, parts: Parameters<typeof lambdaIntegration>[4]): Integration {
  const { logicalId, properties } = resource;
  const type = properties.text('IntegrationType');
  if (type !== 'AWS_PROXY') throw new Error(`${logicalId}: the integration type ${type} is not emulated.`);
  const version = properties.optionalText('PayloadFormatVersion');
  if (version !== '2.0') throw new Error(`${logicalId}.PayloadFormatVersion: only 2.0 is emulated, not ${version}.`);
  const timeoutMs = readTimeout(resource, longestTimeoutMs);
  return lambdaIntegration(resource, 'IntegrationUri', 'CredentialsArn', timeoutMs, parts);
}

function readRoute({ logicalId, properties }: StackResource, integrations: ReadonlyMap<string, Integration>) {
  const authorization = properties.optionalText('AuthorizationType') ?? 'NONE';
  if (authorization !== 'NONE') {
    throw new Error(`${logicalId}: the authorization type ${authorization} of an HTTP API is not emulated.`);
  }
  const target = properties.text('Target').replace(/^\/?integrations\//, '');
  const integration = integrations.get(target);
  if (integration === undefined) throw new Error(`${logicalId}: the route has no integration of this stack.`);
  return { key: parseRouteKey(properties.text('RouteKey'), logicalId), integration };
}

/** `POST /apps/{app_id}/events`, `ANY /{proxy+}` or `$default`. */
export interface RouteKey {
  readonly text: string;
  /** `ANY` for every method; undefined for `$default`. */
  readonly method: string | undefined;
  readonly path: string;
}

export interface Match {
  readonly pathParameters: Readonly<Record<string, string>>;
  /** The most specific match wins: "full match, greedy path variable, $default". */
  readonly rank: number;
}

/**
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
 * @throws for an invalid route key
 */
export function parseRouteKey(text: string, logicalId: string): RouteKey {
  if (text === '$default') return { text, method: undefined, path: '' };
  const found = /^(ANY|DELETE|GET|HEAD|OPTIONS|PATCH|POST|PUT) (\/\S*)$/.exec(text);
  // "The greedy path variable must be at the end of the resource path."
  if (found === null || /\+\}./.test(text)) {
    throw new Error(`${logicalId}.RouteKey: ${text} is not a valid route key of an HTTP API.`);
  }
  return { text, method: found[1] ?? '', path: found[2] ?? '' };
}

/** @param path without the stage */
export function matchRoute(key: RouteKey, method: string, path: string): Match | undefined {
  if (key.method === undefined) return { pathParameters: {}, rank: 0 };
  if (key.method !== 'ANY' && key.method !== method) return undefined;
  const wanted = segments(key.path);
  const asked = segments(path);
  const pathParameters: Record<string, string> = {};
  const ofMethod = key.method === 'ANY' ? 0 : 1;
  for (const [index, segment] of wanted.entries()) {
    const greedy = /^\{(.+)\+\}$/.exec(segment)?.[1];
    if (greedy !== undefined) {
      if (asked.length <= index) return undefined;
      pathParameters[greedy] = asked.slice(index).join('/');
      // After all full matches; of two greedy ones the longer wins.
      return { pathParameters, rank: 100 + 2 * index + ofMethod };
    }
    const value = asked[index];
    if (value === undefined) return undefined;
    const name = /^\{(.+)\}$/.exec(segment)?.[1];
    if (name === undefined && segment !== value) return undefined;
    if (name !== undefined) pathParameters[name] = value;
  }
  if (asked.length !== wanted.length) return undefined;
  const exact = wanted.filter((segment) => !segment.startsWith('{')).length;
  return { pathParameters, rank: 10_000 + 2 * exact + ofMethod };
}

function segments(path: string): readonly string[] {
  return path.split('/').slice(1);
}
