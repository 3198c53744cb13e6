import type { Clock } from '../clock.ts';
import type { Faults } from '../faults.ts';
import type { Gate } from '../iam/gate.ts';
import type { InvokePermissions } from '../iam/invoke-permissions.ts';
import type { Functions } from '../lambda/functions.ts';
import type { Log } from '../log.ts';
import type { Observe } from '../observation.ts';
import { arn, type Place } from '../template/physical-ids.ts';
import type { Stack, StackResource } from '../template/stack.ts';
import { type Authorizer, readAuthorizer } from './authorizer.ts';
import type { Connections } from './connections.ts';
import type { ApiStage } from './events.ts';
import { type Integration, readIntegration, readIntegrationResponse } from './integration.ts';
import { parseRouteSelection, type RouteSelection } from './selection.ts';
import { readStages, type StageDeclaration, type Throttle, type Throttling } from './stage.ts';

/** A stage with its deployed routes. */
export interface Stage extends ApiStage {
  readonly routes: ReadonlyMap<string, Route>;
  throttleOf(routeKey: string): Throttle | undefined;
}

/** The WebSocket API as the template declares it. */
export interface WebSocketApi {
  readonly logicalId: string;
  readonly apiId: string;
  /** `arn:aws:execute-api:us-east-1:123456789012:abc123` */
  readonly arn: string;
  readonly stages: ReadonlyMap<string, Stage>;
  readonly selectRoute: RouteSelection;
}

/** @throws with the logical id of a part that cannot run here */
export function readWebSocketApi(
  stack: Stack,
  api: StackResource,
  functions: Functions,
  permissions: InvokePermissions,
  domainName: string,
  log: Log,
): WebSocketApi {
  const { logicalId, ref, properties } = api;
  const declarations = new Map<string, RouteDeclaration>();
  for (const declaration of partsOf(stack, api, 'Route').map(readRoute)) {
    if (declarations.has(declaration.key)) {
      throw new Error(`${declaration.logicalId}: the route ${declaration.key} exists twice.`);
    }
    declarations.set(declaration.key, declaration);
  }
  const stages = readStages(stack, api, log).map((stage): Stage => {
    const deployed = [...declarations.values()].filter((route) => stage.hasDeployed(route.logicalId));
    const toRoute = createRouteReader(stack, api, stage, functions, permissions);
    return {
      apiId: ref,
      name: stage.name,
      domainName,
      variables: stage.variables,
      routes: new Map(deployed.map((declaration) => [declaration.key, toRoute(declaration)])),
      throttleOf: stage.throttleOf,
    };
  });
  return {
    logicalId,
    apiId: ref,
    arn: arn('execute-api', stack, ref),
    stages: new Map(stages.map((stage) => [stage.name, stage])),
    selectRoute: readSelection(logicalId, properties.text('RouteSelectionExpression')),
  };
}

function createRouteReader(
  stack: Stack,
  api: StackResource,
  stage: StageDeclaration,
  functions: Functions,
  permissions: InvokePermissions,
): (declaration: RouteDeclaration) => Route {
  const common = { functions, permissions, stageVariables: stage.variables };
  const integrationResponses = partsOf(stack, api, 'IntegrationResponse');
  rejectOrphans(integrationResponses, 'IntegrationId', partsOf(stack, api, 'Integration'));
  rejectOrphans(partsOf(stack, api, 'RouteResponse'), 'RouteId', partsOf(stack, api, 'Route'));
  const integrations = new Map(
    partsOf(stack, api, 'Integration').map((each) => {
      const responses = integrationResponses
        .filter(({ properties }) => properties.text('IntegrationId') === each.ref)
        .map(readIntegrationResponse);
      return [each.ref, readIntegration(each, { ...common, responses })];
    }),
  );
  const authorizers = new Map(
    partsOf(stack, api, 'Authorizer').map((each) => [each.ref, readAuthorizer(each, common)]),
  );
  const answered = partsOf(stack, api, 'RouteResponse').map(readRouteResponse);

  return ({ logicalId, ref, key, target, authorizerId, isTwoWay }) => {
    const integration = target === undefined ? undefined : integrations.get(target);
    if (integration === undefined && (target !== undefined || key !== '$connect')) {
      throw new Error(`${logicalId}: the route ${key} has no integration of this stack.`);
    }
    const authorizer = authorizerId === undefined ? undefined : authorizers.get(authorizerId);
    if (authorizerId !== undefined && authorizer === undefined) {
      throw new Error(`${logicalId}: the authorizer ${authorizerId} does not exist.`);
    }
    // A reply needs both: docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-route-response.html
    return { key, integration, returnsResponse: isTwoWay && answered.includes(ref), authorizer };
  };
}

function partsOf(stack: Stack, api: StackResource, part: string): readonly StackResource[] {
  return stack.ofType(`AWS::ApiGatewayV2::${part}`).filter(({ properties }) => properties.text('ApiId') === api.ref);
}

/** Rejects a response without an owner, because its reply would never be sent. */
function rejectOrphans(parts: readonly StackResource[], property: string, owners: readonly StackResource[]): void {
  for (const { logicalId, properties } of parts) {
    const id = properties.text(property);
    if (!owners.some(({ ref }) => ref === id))
      throw new Error(`${logicalId}.${property}: ${id} is not part of this API.`);
  }
}

function readSelection(logicalId: string, expression: string): RouteSelection {
  try {
    return parseRouteSelection(expression);
  } catch (error) {
    throw new Error(`${logicalId}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** A route of one stage. */
export interface Route {
  readonly key: string;
  readonly integration: Integration | undefined;
  /** Two-way: the integration's `body` is sent to the client. */
  readonly returnsResponse: boolean;
  /** On `$connect` only. */
  readonly authorizer: Authorizer | undefined;
}

/** A route in the template, independent of a stage. */
interface RouteDeclaration {
  readonly logicalId: string;
  readonly ref: string;
  readonly key: string;
  /** The integration's id. */
  readonly target: string | undefined;
  readonly authorizerId: string | undefined;
  readonly isTwoWay: boolean;
}

const ownRouteKeys = ['$connect', '$disconnect', '$default'];

function readRoute({ logicalId, ref, properties }: StackResource): RouteDeclaration {
  const key = properties.text('RouteKey');
  if (key.startsWith('$') && !ownRouteKeys.includes(key)) {
    throw new Error(
      `${logicalId}.RouteKey: the route ${key} is not valid: only $connect, $disconnect and $default begin with $.`,
    );
  }
  const target = properties.optionalText('Target')?.replace(/^\/?integrations\//, '');
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
  return { logicalId, ref, key, target, authorizerId, isTwoWay: selection !== undefined };
}

/** @returns the route of the response */
function readRouteResponse({ logicalId, properties }: StackResource): string {
  const key = properties.text('RouteResponseKey');
  // "Only $default is supported": docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-route-response.html
  if (key !== '$default') {
    throw new Error(`${logicalId}.RouteResponseKey: the route response ${key} is not emulated: only $default is.`);
  }
  return properties.text('RouteId');
}

/** The shared parts of all requests of one API. */
export interface Gateway {
  readonly api: WebSocketApi;
  readonly connections: Connections;
  readonly clock: Clock;
  readonly faults: Faults;
  /** Checks calls of @connections. */
  readonly gate: Gate;
  readonly place: Place;
  readonly throttling: Throttling;
  readonly observe: Observe;
  readonly log: Log;
}
