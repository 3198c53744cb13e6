import type { LocalFunction } from '../lambda/function.ts';
import type { Functions } from '../lambda/functions.ts';
import type { Log } from '../log.ts';
import type { Stack, StackResource } from '../template/stack.ts';
import { type IdentitySource, parseIdentitySource } from './authorizer.ts';
import { parseRouteSelection, type RouteSelection } from './selection.ts';

export interface Integration {
  readonly function: LocalFunction;
  readonly timeoutMs: number;
}

export interface Route {
  readonly key: string;
  readonly integration: Integration | undefined;
  /** Two-way: what the integration returns as `body` is sent to the client. */
  readonly returnsResponse: boolean;
}

export interface Authorizer {
  readonly function: LocalFunction;
  readonly identitySources: readonly IdentitySource[];
}

export type Stages = readonly [string, ...string[]];

/** The WebSocket API as the template declares it. */
export interface WebSocketApi {
  readonly apiId: string;
  readonly stages: Stages;
  readonly routes: ReadonlyMap<string, Route>;
  readonly authorizer: Authorizer | undefined;
  readonly selectRoute: RouteSelection;
}

/** The one WebSocket API of the stack; its id is needed before anything that refers to it can be made. */
export function findWebSocketApi(stack: Stack): StackResource {
  const apis = stack.ofType('AWS::ApiGatewayV2::Api');
  for (const { logicalId, properties } of apis) {
    const protocol = properties.text('ProtocolType');
    if (protocol !== 'WEBSOCKET') throw new Error(`${logicalId}: the local cloud cannot run a ${protocol} API.`);
  }
  const [only] = apis;
  if (only === undefined || apis.length > 1)
    throw new Error(`The local cloud runs one WebSocket API, not ${apis.length}.`);
  return only;
}

/** @throws when a part of the API cannot be run here, naming it */
export function readWebSocketApi(stack: Stack, functions: Functions, stages: Stages): WebSocketApi {
  const { logicalId, ref, properties } = findWebSocketApi(stack);
  const integrations = new Map(
    stack.ofType('AWS::ApiGatewayV2::Integration').map((each) => [each.ref, readIntegration(each, functions)]),
  );
  const authorizers = new Map(
    stack.ofType('AWS::ApiGatewayV2::Authorizer').map((each) => [each.ref, readAuthorizer(each, functions)]),
  );
  const responses = stack.ofType('AWS::ApiGatewayV2::RouteResponse').map(readRouteResponse);

  const routes = new Map<string, Route>();
  let authorizer: Authorizer | undefined;
  for (const route of stack.ofType('AWS::ApiGatewayV2::Route')) {
    const { key, target, authorizerId, isTwoWay } = readRoute(route);
    if (routes.has(key)) throw new Error(`${route.logicalId}: the route ${key} exists twice.`);
    const integration = target === undefined ? undefined : integrations.get(target);
    if (integration === undefined && (target !== undefined || key !== '$connect')) {
      throw new Error(`${route.logicalId}: the route ${key} has no integration of this stack.`);
    }
    // Both are needed: docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-route-response.html
    routes.set(key, { key, integration, returnsResponse: isTwoWay && responses.includes(route.ref) });
    if (authorizerId !== undefined) {
      authorizer = authorizers.get(authorizerId);
      if (authorizer === undefined) throw new Error(`${route.logicalId}: there is no authorizer ${authorizerId}.`);
    }
  }
  return {
    apiId: ref,
    stages,
    routes,
    authorizer,
    selectRoute: readSelection(logicalId, properties.text('RouteSelectionExpression')),
  };
}

/** @returns the route that it belongs to */
function readRouteResponse({ logicalId, properties }: StackResource): string {
  const key = properties.text('RouteResponseKey');
  // "Only $default is supported": docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-route-response.html
  if (key !== '$default') {
    throw new Error(`${logicalId}.RouteResponseKey: the route response ${key} is not emulated: only $default is.`);
  }
  return properties.text('RouteId');
}

const ownRouteKeys = ['$connect', '$disconnect', '$default'];

function readRoute({ logicalId, properties }: StackResource) {
  const key = properties.text('RouteKey');
  if (key.startsWith('$') && !ownRouteKeys.includes(key)) {
    throw new Error(
      `${logicalId}.RouteKey: there is no route ${key}: only $connect, $disconnect and $default begin with $.`,
    );
  }
  const target = properties.optionalText('Target');
  const authorizationType = properties.optionalText('AuthorizationType') ?? 'NONE';
  if (authorizationType !== 'NONE' && authorizationType !== 'CUSTOM') {
    throw new Error(`${logicalId}: the authorization type ${authorizationType} is not emulated.`);
  }
  const authorizerId = authorizationType === 'CUSTOM' ? properties.text('AuthorizerId') : undefined;
  if (authorizerId !== undefined && key !== '$connect') {
    throw new Error(`${logicalId}: only $connect can have an authorizer.`);
  }
  const selection = properties.optionalText('RouteResponseSelectionExpression');
  if (selection !== undefined && selection !== '$default') {
    throw new Error(`${logicalId}: the route response selection expression can only be $default.`);
  }
  return { key, target: target?.replace(/^\/?integrations\//, ''), authorizerId, isTwoWay: selection !== undefined };
}

// Quota and default: docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
export const integrationTimeoutMs = 29_000;

function readIntegration(resource: StackResource, functions: Functions): Integration {
  const { logicalId, properties } = resource;
  const type = properties.text('IntegrationType');
  if (type !== 'AWS_PROXY') throw new Error(`${logicalId}: the integration type ${type} is not emulated.`);
  return {
    function: functionAt(properties.text('IntegrationUri'), logicalId, functions),
    timeoutMs: properties.optionalNumber('TimeoutInMillis') ?? integrationTimeoutMs,
  };
}

function readAuthorizer(resource: StackResource, functions: Functions): Authorizer {
  const { logicalId, properties } = resource;
  const type = properties.text('AuthorizerType');
  if (type !== 'REQUEST') throw new Error(`${logicalId}: a WebSocket API has no ${type} authorizers.`);
  return {
    function: functionAt(properties.text('AuthorizerUri'), logicalId, functions),
    identitySources: properties.texts('IdentitySource').map((source) => parseIdentitySource(source, logicalId)),
  };
}

/** `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/<function ARN>/invocations` */
function functionAt(uri: string, logicalId: string, functions: Functions): LocalFunction {
  const functionArn = /:lambda:path\/2015-03-31\/functions\/(.+)\/invocations$/.exec(uri)?.[1] ?? '';
  const found = functions.find(functionArn);
  if (found === undefined) throw new Error(`${logicalId}: ${uri} is no function of this stack.`);
  return found;
}

function readSelection(logicalId: string, expression: string): RouteSelection {
  try {
    return parseRouteSelection(expression);
  } catch (error) {
    throw new Error(`${logicalId}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** @throws when the API has none */
export function readStages(stack: Stack, log: Log): Stages {
  const stages = stack.ofType('AWS::ApiGatewayV2::Stage').map(({ logicalId, properties }) => {
    for (const setting of ['AccessLogSettings', 'DefaultRouteSettings']) {
      if (properties.value(setting) !== undefined) log({ kind: 'not-emulated', logicalId, what: setting });
    }
    return properties.text('StageName');
  });
  const [first, ...others] = stages;
  if (first === undefined) throw new Error('The WebSocket API has no stage.');
  return [first, ...others];
}
