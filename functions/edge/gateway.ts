import type {
  APIGatewayAuthorizerResult,
  APIGatewayEventWebsocketRequestContextV2,
  APIGatewayProxyWebsocketEventV2WithRequestContext,
  APIGatewayRequestAuthorizerEvent,
} from 'aws-lambda';
import type { Connection } from '../core/connection.ts';

/**
 * What a WebSocket API sends to a REQUEST authorizer: fewer fields than a REST API's event of the same name, which the
 * published type describes (https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-lambda-auth.html).
 */
export type ConnectAuthorizerEvent = Pick<
  APIGatewayRequestAuthorizerEvent,
  'methodArn' | 'multiValueHeaders' | 'multiValueQueryStringParameters'
> & { readonly requestContext: { readonly connectionId?: string | undefined } };

/** What the authorizer said; API Gateway repeats it, as strings, in every later event of the connection. */
export interface AuthorizerContext {
  readonly principalId: string;
  readonly sessionHash: string;
}

type Context = APIGatewayEventWebsocketRequestContextV2 & { authorizer?: Partial<AuthorizerContext> };

export type SocketEvent = APIGatewayProxyWebsocketEventV2WithRequestContext<Context>;

export type DisconnectEvent = APIGatewayProxyWebsocketEventV2WithRequestContext<
  Context & { disconnectStatusCode?: number; disconnectReason?: string }
>;

/** The query parameter that carries the token; the authorizer's only identity source while `tokenFrom` is `query`. */
export const tokenParameter = 'token';

/** Every value of the token, because a repeated parameter must be seen and not silently cut to its last value. */
export function readTokens(event: ConnectAuthorizerEvent): readonly string[] {
  return event.multiValueQueryStringParameters?.[tokenParameter] ?? [];
}

/** Header names keep the case that the client gave them. Two headers of one name are joined, so they match nothing. */
export function readHeader(event: ConnectAuthorizerEvent, name: string): string | undefined {
  const values = Object.entries(event.multiValueHeaders ?? {}).flatMap(([key, value]) =>
    key.toLowerCase() === name ? (value ?? []) : [],
  );
  return values.length === 0 ? undefined : values.join(', ');
}

/** Whom a later event of a connection is about. Never taken from anything that the client sent. */
export function readConnection({ requestContext }: SocketEvent): Connection | undefined {
  const principalId = requestContext.authorizer?.principalId;
  return principalId === undefined ? undefined : { principalId, connectionId: requestContext.connectionId };
}

export function allow(methodArn: string, { principalId, ...context }: AuthorizerContext): APIGatewayAuthorizerResult {
  return { ...decide(methodArn, 'Allow', principalId), context };
}

/** API Gateway answers the handshake with 403. */
export function deny(methodArn: string): APIGatewayAuthorizerResult {
  return decide(methodArn, 'Deny', 'nobody');
}

function decide(methodArn: string, effect: 'Allow' | 'Deny', principalId: string): APIGatewayAuthorizerResult {
  const statement = { Action: 'execute-api:Invoke', Effect: effect, Resource: methodArn };
  return { principalId, policyDocument: { Version: '2012-10-17', Statement: [statement] } };
}
