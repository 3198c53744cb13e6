import type { StackResource } from '../template/stack.ts';
import { createStringifiedWarning, type IdentitySource, parseIdentitySource } from './authorizer.ts';
import { type Integration, type IntegrationParts, integrationTimeoutMs, lambdaIntegration } from './integration.ts';

/** A route of one stage. */
export interface Route {
  readonly key: string;
  readonly integration: Integration | undefined;
  /** Two-way: what the integration returns as `body` is sent to the client. */
  readonly returnsResponse: boolean;
  /** On `$connect` only. */
  readonly authorizer: Authorizer | undefined;
}

export interface Authorizer {
  readonly id: string;
  readonly integration: Integration;
  readonly identitySources: readonly IdentitySource[];
  readonly warnOfStringified: ReturnType<typeof createStringifiedWarning>;
}

/** What the template says of a route, before it is a stage's. */
export interface RouteDeclaration {
  readonly logicalId: string;
  readonly ref: string;
  readonly key: string;
  /** The integration's id. */
  readonly target: string | undefined;
  readonly authorizerId: string | undefined;
  readonly isTwoWay: boolean;
}

const ownRouteKeys = ['$connect', '$disconnect', '$default'];

export function readRoute({ logicalId, ref, properties }: StackResource): RouteDeclaration {
  const key = properties.text('RouteKey');
  if (key.startsWith('$') && !ownRouteKeys.includes(key)) {
    throw new Error(
      `${logicalId}.RouteKey: there is no route ${key}: only $connect, $disconnect and $default begin with $.`,
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

/** @returns the route that it belongs to */
export function readRouteResponse({ logicalId, properties }: StackResource): string {
  const key = properties.text('RouteResponseKey');
  // "Only $default is supported": docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-route-response.html
  if (key !== '$default') {
    throw new Error(`${logicalId}.RouteResponseKey: the route response ${key} is not emulated: only $default is.`);
  }
  return properties.text('RouteId');
}

export function readAuthorizer(resource: StackResource, parts: Omit<IntegrationParts, 'responses'>): Authorizer {
  const { logicalId, ref, properties } = resource;
  const type = properties.text('AuthorizerType');
  if (type !== 'REQUEST') throw new Error(`${logicalId}: a WebSocket API has no ${type} authorizers.`);
  return {
    id: ref,
    integration: lambdaIntegration(resource, 'AuthorizerUri', 'AuthorizerCredentialsArn', integrationTimeoutMs, parts),
    identitySources: properties.texts('IdentitySource').map((source) => parseIdentitySource(source, logicalId)),
    warnOfStringified: createStringifiedWarning(logicalId),
  };
}
