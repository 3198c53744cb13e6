import type { APIGatewayAuthorizerResult, APIGatewayRequestAuthorizerEvent } from 'aws-lambda';
import type { TokenSource } from '../core/handshake/handshake-options.ts';
import { principalOf, type Session } from '../core/handshake/session.ts';

/**
 * The event of a WebSocket API for a REQUEST authorizer. It has fewer fields than the published type, which describes a
 * REST API's event
 * (https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-lambda-auth.html).
 */
export type ConnectAuthorizerEvent = Pick<
  APIGatewayRequestAuthorizerEvent,
  'methodArn' | 'multiValueHeaders' | 'multiValueQueryStringParameters'
> & { readonly requestContext: { readonly connectionId?: string | undefined } };

/** The query parameter of the token, if `tokenFrom` is `query`. */
export const tokenParameter = 'token';

/** If `tokenFrom` is `subprotocol`, the page sends this sub-protocol before its ticket, and the answer selects it. */
export const subprotocol = 'session-socket';

/** Every value of the token: a repeated token must be detected, not silently reduced to its last value. */
export function readTokens(event: ConnectAuthorizerEvent, from: TokenSource = 'query'): readonly string[] {
  if (from === 'query') return event.multiValueQueryStringParameters?.[tokenParameter] ?? [];
  if (from === 'cookie') return readHeaders(event, 'cookie');
  const [first, ...tokens] = readHeaders(event, 'sec-websocket-protocol').flatMap((value) => value.split(/ *, */));
  return first === subprotocol ? tokens : [];
}

/** Headers with the same name are joined, so they match no expected value. */
export function readHeader(event: ConnectAuthorizerEvent, name: string): string | undefined {
  const values = readHeaders(event, name);
  return values.length === 0 ? undefined : values.join(', ');
}

/** API Gateway keeps the case of header names as the client sent them. */
function readHeaders(event: ConnectAuthorizerEvent, name: string): readonly string[] {
  return Object.entries(event.multiValueHeaders ?? {}).flatMap(([key, value]) =>
    key.toLowerCase() === name ? (value ?? []) : [],
  );
}

/** The authorizer's context. API Gateway repeats it, as strings, in every later event of the connection. */
export interface AuthorizerContext {
  readonly principalId: string;
  readonly sessionHash: string;
  /** Epoch milliseconds: the authorizer cannot know of a logout after this time. */
  readonly authorizedAt: string;
  /** JSON, an object. */
  readonly userInfo?: string | undefined;
  /** JSON, a list of patterns. */
  readonly channels?: string | undefined;
  /** Epoch seconds. */
  readonly sessionExpiresAt?: string | undefined;
  /** The encrypted question for PHP, if PHP is asked again later; only the app's secret decrypts it. */
  readonly sessionSeal?: string | undefined;
  /** The ticket's id, which `connect` marks as used. */
  readonly jti?: string | undefined;
}

/** The authorizer's data beside the session. */
export interface HandshakeContext {
  readonly sessionHash: string;
  /** Epoch milliseconds. */
  readonly authorizedAt: number;
  readonly jti?: string | undefined;
  readonly sessionSeal?: string | undefined;
}

/**
 * Strings only, because AWS does not document how API Gateway treats other types here. JSON omits undefined fields. The
 * context never contains the session id.
 */
export function writeContext(session: Session, handshake: HandshakeContext): AuthorizerContext {
  const { userInfo, channels, expiresAt } = session;
  const { sessionHash, authorizedAt, jti, sessionSeal } = handshake;
  return {
    principalId: principalOf(session, sessionHash),
    sessionHash,
    authorizedAt: String(authorizedAt),
    userInfo: userInfo && JSON.stringify(userInfo),
    channels: channels && JSON.stringify(channels),
    sessionExpiresAt: expiresAt?.toString(),
    jti,
    sessionSeal,
  };
}

export function allow(methodArn: string, { principalId, ...context }: AuthorizerContext): APIGatewayAuthorizerResult {
  return { ...decide(methodArn, 'Allow', principalId), context };
}

/**
 * Bytes of an authorizer's whole answer. API Gateway fails the handshake if there are more
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
