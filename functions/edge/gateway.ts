import type {
  APIGatewayAuthorizerResult,
  APIGatewayEventWebsocketRequestContextV2,
  APIGatewayProxyWebsocketEventV2WithRequestContext,
  APIGatewayRequestAuthorizerEvent,
} from 'aws-lambda';
import type { Connection } from '../core/connections/connection.ts';
import type { TokenSource } from '../core/handshake/way-in.ts';

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
  /** Epoch milliseconds: what happened to the session or its user later than this, the authorizer cannot have known. */
  readonly authorizedAt: string;
  /** JSON, an object. */
  readonly userInfo?: string | undefined;
  /** JSON, a list of patterns. */
  readonly channels?: string | undefined;
  /** Epoch seconds. */
  readonly sessionExpiresAt?: string | undefined;
  /** With what PHP is asked again, where it is; of no use to anybody who does not hold the app's secret. */
  readonly sessionSeal?: string | undefined;
  /** Of the ticket that was brought, for `connect` to burn. */
  readonly jti?: string | undefined;
}

type Context = APIGatewayEventWebsocketRequestContextV2 & { authorizer?: Partial<AuthorizerContext> };

export type SocketEvent = APIGatewayProxyWebsocketEventV2WithRequestContext<Context>;

export type DisconnectEvent = APIGatewayProxyWebsocketEventV2WithRequestContext<
  Context & { disconnectStatusCode?: number; disconnectReason?: string }
>;

/** The query parameter that carries the token where `tokenFrom` is `query`. */
export const tokenParameter = 'token';

/** The sub-protocol that a page names before its ticket where `tokenFrom` is `subprotocol`, and the only one it is answered. */
export const subprotocol = 'session-socket';

/** Every value of the token, because a repeated one must be seen and not silently cut to its last value. */
export function readTokens(event: ConnectAuthorizerEvent, from: TokenSource = 'query'): readonly string[] {
  if (from === 'query') return event.multiValueQueryStringParameters?.[tokenParameter] ?? [];
  if (from === 'cookie') return readHeaders(event, 'cookie');
  const [first, ...tokens] = readHeaders(event, 'sec-websocket-protocol').flatMap((value) => value.split(/ *, */));
  return first === subprotocol ? tokens : [];
}

/** Two headers of one name are joined, so they match nothing. */
export function readHeader(event: ConnectAuthorizerEvent, name: string): string | undefined {
  const values = readHeaders(event, name);
  return values.length === 0 ? undefined : values.join(', ');
}

/** Header names keep the case that the client gave them. */
function readHeaders(event: ConnectAuthorizerEvent, name: string): readonly string[] {
  return Object.entries(event.multiValueHeaders ?? {}).flatMap(([key, value]) =>
    key.toLowerCase() === name ? (value ?? []) : [],
  );
}

/** Whom a later event of a connection is about. Never taken from anything that the client sent. */
export function readConnection({ requestContext }: SocketEvent): Connection | undefined {
  const principalId = requestContext.authorizer?.principalId;
  return principalId === undefined ? undefined : { principalId, connectionId: requestContext.connectionId };
}

export function allow(methodArn: string, { principalId, ...context }: AuthorizerContext): APIGatewayAuthorizerResult {
  return { ...decide(methodArn, 'Allow', principalId), context };
}

/**
 * Bytes of an authorizer's whole answer; with more, API Gateway fails the handshake
 * (https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html).
 */
const maxResultBytes = 8192;

export function fitsGateway(result: APIGatewayAuthorizerResult): boolean {
  return Buffer.byteLength(JSON.stringify(result)) <= maxResultBytes;
}

/** API Gateway answers the handshake with 403. */
export function deny(methodArn: string): APIGatewayAuthorizerResult {
  return decide(methodArn, 'Deny', 'nobody');
}

function decide(methodArn: string, effect: 'Allow' | 'Deny', principalId: string): APIGatewayAuthorizerResult {
  const statement = { Action: 'execute-api:Invoke', Effect: effect, Resource: methodArn };
  return { principalId, policyDocument: { Version: '2012-10-17', Statement: [statement] } };
}
