import type { AuthorizerContext, ConnectAuthorizerEvent } from '../../functions/edge/authorizer-event.ts';
import type { DisconnectEvent, SocketEvent } from '../../functions/edge/socket-event.ts';

/** An id in the form of API Gateway's. */
export const connectionId = 'L0SM9cOFvHcCIhw=';
export const methodArn = 'arn:aws:execute-api:eu-central-1:123456789012:abcdef123/live/$connect';
export const origin = 'https://app.example.com';
export const sessionId = '0123456789abcdef0123456789abcdef';
export const userAgent = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36';

interface HandshakeFields {
  readonly tokens?: readonly string[];
  /** Beside or instead of `Origin` and `User-Agent`; undefined leaves a header out. */
  readonly headers?: Readonly<Record<string, string[] | undefined>>;
}

/** A handshake as the authorizer sees it: by default, of a logged-in browser. */
export function handshakeEvent({ tokens = [sessionId], headers = {} }: HandshakeFields = {}): ConnectAuthorizerEvent {
  const multiValueHeaders = {
    Connection: ['upgrade'],
    'content-length': ['0'],
    Host: ['abcdef123.execute-api.eu-central-1.amazonaws.com'],
    Origin: [origin],
    'Sec-WebSocket-Version': ['13'],
    Upgrade: ['websocket'],
    'User-Agent': [userAgent],
    ...headers,
  };
  const query = tokens.length === 0 ? {} : { multiValueQueryStringParameters: { token: [...tokens] } };
  return { methodArn, multiValueHeaders, ...query, requestContext: { connectionId } } as ConnectAuthorizerEvent;
}

const someone: AuthorizerContext = {
  principalId: 'user:42',
  sessionHash: 'a'.repeat(64),
  authorizedAt: '1731332735000',
};
const time = { connectedAt: 1731332735513, requestTime: '11/Nov/2024:13:45:46 +0000', requestTimeEpoch: 1731332746514 };
const place = { stage: 'live', domainName: 'abcdef123.execute-api.eu-central-1.amazonaws.com', apiId: 'abcdef123' };
const ids = { connectionId, requestId: 'BFbOeE87IAMF31w=', extendedRequestId: 'BFbOeE87IAMF31w=' };
const common = { ...time, ...place, ...ids, messageDirection: 'IN', identity: { sourceIp: '192.0.2.1' } } as const;

export function connectEvent(authorizer: Partial<AuthorizerContext> | 'none' = someone): SocketEvent {
  const requestContext = { ...common, routeKey: '$connect', messageId: '', eventType: 'CONNECT' as const };
  return { requestContext: withContext(requestContext, authorizer), isBase64Encoded: false };
}

export function messageEvent(
  body: string | undefined,
  authorizer: Partial<AuthorizerContext> | 'none' = someone,
): SocketEvent {
  const requestContext = {
    ...common,
    routeKey: '$default',
    messageId: 'BFaVtfGSIAMCKug=',
    eventType: 'MESSAGE' as const,
  };
  const event = { requestContext: withContext(requestContext, authorizer), isBase64Encoded: false };
  return body === undefined ? event : { ...event, body };
}

export function disconnectEvent(authorizer: Partial<AuthorizerContext> | 'none' = someone): DisconnectEvent {
  const requestContext = {
    ...common,
    routeKey: '$disconnect',
    messageId: '',
    eventType: 'DISCONNECT' as const,
    disconnectStatusCode: 1005,
    disconnectReason: 'Client-side close frame status not set',
  };
  return { requestContext: withContext(requestContext, authorizer), isBase64Encoded: false };
}

function withContext<C extends object>(context: C, authorizer: Partial<AuthorizerContext> | 'none') {
  return authorizer === 'none' ? context : { ...context, authorizer };
}
