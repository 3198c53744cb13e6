import { type Integration, lambdaIntegration, readTimeout } from '../gateway/integration.ts';
import { readStages } from '../gateway/stage.ts';
import type { Throttle } from '../gateway/throttle.ts';
import type { InvokePermissions } from '../iam/invoke-permissions.ts';
import type { Functions } from '../lambda/functions.ts';
import type { Log } from '../log.ts';
import type { Stack, StackResource } from '../template/stack.ts';
import { parseRouteKey, type RouteKey } from './route-key.ts';

/** An HTTP API with Lambda proxy integrations of payload format 2.0. */
export interface HttpApi {
  readonly logicalId: string;
  readonly accountId: string;
  readonly apiId: string;
  readonly arn: string;
  readonly stages: ReadonlyMap<string, HttpStage>;
}

export interface HttpStage {
  /** `$default` has no prefix in its paths. */
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

/** @throws when a part of the API cannot be run here, naming it */
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
  refuseRouteTwice(ofApi('Route'));
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
    arn: `arn:aws:execute-api:${stack.region}:${stack.accountId}:${api.ref}`,
    stages: new Map(stages.map((stage) => [stage.name, stage])),
  };
}

function refuseRouteTwice(routes: readonly StackResource[]): void {
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
