import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** The authorizer's context in all later events of the connection: only strings. */
export type AuthorizerContext = Readonly<Record<string, string>>;

/** A client's data from its handshake, constant for the whole connection. */
export interface Client {
  readonly connectionId: string;
  readonly connectedAt: number;
  readonly sourceIp: string;
  readonly userAgent: string | undefined;
  readonly host: string;
  readonly authorizer: AuthorizerContext | undefined;
}

/** How a connection ended, as the `$disconnect` event reports it. */
export interface ConnectionEnd {
  readonly code: number;
  readonly reason: string;
}

/** The API and stage of an event. */
export interface ApiStage {
  readonly apiId: string;
  readonly name: string;
  readonly domainName: string;
  readonly variables: Readonly<Record<string, string>>;
}

/** Names and values in the client's order and case. */
export type Pairs = readonly (readonly [name: string, value: string])[];

export interface Handshake {
  /** The result of `forwardedHeaders`. */
  readonly headers: Pairs;
  readonly query: Pairs;
}

/**
 * The events have the keys and the order of the captures in
 * https://github.com/aws-powertools/powertools-lambda-python/tree/develop/tests/events (apiGatewayWebSocketApi*.json).
 * The position of `authorizer` is from https://github.com/boto/boto3/issues/3789.
 */
export function connectEvent(apiStage: ApiStage, client: Client, handshake: Handshake, nowMs: number): object {
  return {
    ...headerFields(handshake.headers),
    ...queryFields(handshake.query),
    ...stageVariables(apiStage),
    requestContext: context(apiStage, client, '$connect', 'CONNECT', nowMs, {}),
    isBase64Encoded: false,
  };
}

/** Unlike the $connect event, it has hop-by-hop headers and empty stage variables: docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-lambda-auth.html */
export function authorizerEvent(
  apiStage: ApiStage,
  client: Client,
  handshake: Handshake,
  methodArn: string,
  nowMs: number,
): AuthorizerEvent {
  const hop: Pairs = [
    ['Connection', 'upgrade'],
    ['content-length', '0'],
    ['Upgrade', 'websocket'],
  ];
  const headers = [...handshake.headers, ...hop];
  return {
    type: 'REQUEST',
    methodArn,
    ...headerFields(headers),
    // Empty objects without a query string, like stageVariables; no capture shows it.
    queryStringParameters: last(handshake.query),
    multiValueQueryStringParameters: all(handshake.query),
    stageVariables: apiStage.variables,
    requestContext: context(apiStage, client, '$connect', 'CONNECT', nowMs, {}),
  };
}

export interface AuthorizerEvent {
  readonly requestContext: RequestContext;
  readonly [key: string]: unknown;
}

/** No capture has stage variables. A REST API adds them to the event. */
function stageVariables({ variables }: ApiStage): object {
  return Object.keys(variables).length === 0 ? {} : { stageVariables: variables };
}

export function messageEvent(
  apiStage: ApiStage,
  client: Client,
  routeKey: string,
  body: string,
  nowMs: number,
): MessageEvent {
  const requestContext = context(apiStage, client, routeKey, 'MESSAGE', nowMs, { messageId: newGatewayId() });
  return { ...stageVariables(apiStage), requestContext, body, isBase64Encoded: false };
}

export interface MessageEvent {
  readonly requestContext: RequestContext;
  readonly body: string;
  readonly isBase64Encoded: false;
}

export function disconnectEvent(
  apiStage: ApiStage,
  client: Client,
  { code, reason }: ConnectionEnd,
  nowMs: number,
): object {
  const headers: Pairs = [
    ['Host', client.host],
    ['x-api-key', ''],
    ['X-Forwarded-For', ''],
    ['x-restapi', ''],
  ];
  return {
    ...headerFields(headers),
    ...stageVariables(apiStage),
    requestContext: context(apiStage, client, '$disconnect', 'DISCONNECT', nowMs, { code, reason }),
    isBase64Encoded: false,
  };
}

interface RequestContext {
  readonly requestId: string;
  readonly [key: string]: unknown;
}

interface Particulars {
  readonly messageId?: string;
  readonly code?: number;
  readonly reason?: string;
}

function context(
  { apiId, name, domainName }: ApiStage,
  { connectionId, connectedAt, sourceIp, userAgent, authorizer }: Client,
  routeKey: string,
  eventType: 'CONNECT' | 'MESSAGE' | 'DISCONNECT',
  nowMs: number,
  { messageId, code, reason }: Particulars,
): RequestContext {
  const requestId = newGatewayId();
  return {
    routeKey,
    ...(code === undefined ? {} : { disconnectStatusCode: code }),
    ...(authorizer === undefined ? {} : { authorizer }),
    ...(messageId === undefined ? {} : { messageId }),
    eventType,
    extendedRequestId: requestId,
    requestTime: commonLogTime(nowMs),
    messageDirection: 'IN',
    ...(reason === undefined ? {} : { disconnectReason: reason }),
    stage: name,
    connectedAt,
    requestTimeEpoch: nowMs,
    identity: userAgent === undefined ? { sourceIp } : { userAgent, sourceIp },
    requestId,
    domainName,
    connectionId,
    apiId,
  };
}

/** `11/Nov/2024:11:35:24 +0000` */
export function commonLogTime(epochMs: number): string {
  const [, day, month, year, time] = new Date(epochMs).toUTCString().split(' ');
  return `${day}/${month}/${year}:${time} +0000`;
}

export function sentHeaders({ rawHeaders }: IncomingMessage): Pairs {
  const sent: [string, string][] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    sent.push([rawHeaders[index] ?? '', rawHeaders[index + 1] ?? '']);
  }
  return sent;
}

/** API Gateway forwards the client's headers without hop-by-hop headers, and adds four of its own. */
export function forwardedHeaders(sent: Pairs, sourceIp: string, nowMs: number): Pairs {
  const hop = ['connection', 'upgrade', 'content-length', 'transfer-encoding', 'keep-alive', 'x-amzn-trace-id'];
  const forwarded = ['x-forwarded-for', 'x-forwarded-port', 'x-forwarded-proto'];
  const before = sent.filter(([name]) => name.toLowerCase() === 'x-forwarded-for').map(([, value]) => value);
  const epoch = Math.floor(nowMs / 1000).toString(16);
  return [
    ...sent.filter(([name]) => ![...hop, ...forwarded].includes(name.toLowerCase())),
    ['X-Amzn-Trace-Id', `Root=1-${epoch}-${randomBytes(12).toString('hex')}`],
    ['X-Forwarded-For', [...before, sourceIp].join(', ')],
    // In AWS every client uses TLS, and some handlers check for it.
    ['X-Forwarded-Port', '443'],
    ['X-Forwarded-Proto', 'https'],
  ];
}

function headerFields(headers: Pairs): object {
  // Each name keeps its first spelling. The order ignores case, as in every capture.
  const spelling = new Map<string, string>();
  for (const [name] of headers) {
    if (!spelling.has(name.toLowerCase())) spelling.set(name.toLowerCase(), name);
  }
  const sorted = headers
    .map(([name, value]) => [spelling.get(name.toLowerCase()) ?? name, value] as const)
    .sort(([left], [right]) =>
      left.toLowerCase() < right.toLowerCase() ? -1 : left.toLowerCase() > right.toLowerCase() ? 1 : 0,
    );
  return { headers: last(sorted), multiValueHeaders: all(sorted) };
}

function queryFields(query: Pairs): object {
  if (query.length === 0) return {};
  return { queryStringParameters: last(query), multiValueQueryStringParameters: all(query) };
}

function last(pairs: Pairs): Record<string, string> {
  return Object.fromEntries(pairs);
}

function all(pairs: Pairs): Record<string, string[]> {
  const values = new Map<string, string[]>();
  for (const [name, value] of pairs) values.set(name, [...(values.get(name) ?? []), value]);
  return Object.fromEntries(values);
}

/**
 * Connection, request and message ids have this form in every captured event: 11 bytes as padded URL-safe base64, such as
 * `BFaVtfGSIAMCKug=`.
 * https://github.com/aws-powertools/powertools-lambda-python/blob/develop/tests/events/apiGatewayWebSocketApiMessage.json
 */
export function newGatewayId(): string {
  return randomBytes(11).toString('base64').replaceAll('+', '-').replaceAll('/', '_');
}

/** Checks only the shape. 11 bytes use four of the last letter's six bits; more is not documented. */
export function isGatewayId(text: string): boolean {
  return /^[A-Za-z0-9_-]{15}=$/.test(text);
}
