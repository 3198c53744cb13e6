import type { IncomingMessage } from 'node:http';
import { commonLogTime, forwardedHeaders, newGatewayId, type Pairs, sentHeaders } from '../gateway/events.ts';
import { type IntegrationResult, isHeader, readHeaderValue, readStatusCode } from '../gateway/integration.ts';
import { parseJson } from '../http/input.ts';
import type { HttpStage } from './http-api.ts';

export interface HttpRequest {
  readonly accountId: string;
  readonly apiId: string;
  readonly domainName: string;
  readonly stage: HttpStage;
  readonly routeKey: string;
  readonly pathParameters: Readonly<Record<string, string>>;
  /** The decoded path with the stage's prefix, without the query. */
  readonly rawPath: string;
  readonly incoming: IncomingMessage;
  readonly body: Buffer;
  readonly nowMs: number;
}

/**
 * Payload format 2.0, with the same keys as in
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
export function httpEvent(request: HttpRequest): object {
  const { accountId, apiId, domainName, stage, routeKey, pathParameters, rawPath, incoming, body, nowMs } = request;
  const sourceIp = incoming.socket.remoteAddress ?? '127.0.0.1';
  const headers = combine(headersOf(incoming, sourceIp, nowMs));
  const { cookie, ...others } = headers;
  const rawQueryString = (incoming.url ?? '').split('?').slice(1).join('?');
  const query = combine([...new URLSearchParams(rawQueryString)]);
  const isText = isTextual(headers['content-type']);
  return {
    version: '2.0',
    routeKey,
    rawPath,
    rawQueryString,
    ...(cookie === undefined ? {} : { cookies: cookie.split(/;\s*/) }),
    headers: others,
    ...(Object.keys(query).length === 0 ? {} : { queryStringParameters: query }),
    requestContext: {
      accountId,
      apiId,
      domainName,
      domainPrefix: domainName.split('.')[0],
      http: {
        method: incoming.method,
        path: rawPath,
        protocol: `HTTP/${incoming.httpVersion}`,
        sourceIp,
        userAgent: headers['user-agent'] ?? '',
      },
      requestId: newGatewayId(),
      routeKey,
      stage: stage.name,
      time: commonLogTime(nowMs),
      timeEpoch: nowMs,
    },
    ...(body.length === 0 ? {} : { body: body.toString(isText ? 'utf8' : 'base64') }),
    ...(Object.keys(pathParameters).length === 0 ? {} : { pathParameters }),
    isBase64Encoded: body.length > 0 && !isText,
    ...(Object.keys(stage.variables).length === 0 ? {} : { stageVariables: stage.variables }),
  };
}

function headersOf(incoming: IncomingMessage, sourceIp: string, nowMs: number): Pairs {
  const sent: Pairs = sentHeaders(incoming).map(([name, value]) => [name.toLowerCase(), value]);
  const length = sent.filter(([name]) => name === 'content-length');
  return [...forwardedHeaders(sent, sourceIp, nowMs), ...length].map(([name, value]) => [name.toLowerCase(), value]);
}

/** "Duplicate headers are combined with commas"; query parameters too. */
function combine(pairs: Pairs): Record<string, string> {
  const combined: Record<string, string> = Object.create(null);
  for (const [name, value] of pairs) combined[name] = name in combined ? `${combined[name]},${value}` : value;
  return { ...combined };
}

/** Other content types, including forms, reach the function as base64. */
function isTextual(contentType = 'text/plain'): boolean {
  return /^(text\/|application\/(json|javascript|xml)\b|application\/[\w.-]+\+(json|xml)\b)/i.test(contentType);
}

type Headers = readonly (readonly [name: string, value: string])[];

export interface HttpResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
}

/**
 * Converts the function's answer. Without a `statusCode` "API Gateway assumes" a 200 with JSON:
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
export function toHttpResponse(result: IntegrationResult): HttpResponse {
  // docs.aws.amazon.com/apigateway/latest/developerguide/http-api-troubleshooting-lambda.html; 503 at the time limit.
  if (result.outcome === 'failed') {
    return result.cause === 'timed out'
      ? messageResponse(503, 'Service Unavailable')
      : messageResponse(500, 'Internal Server Error');
  }
  const answer = parseJson(result.payload);
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer) || !('statusCode' in answer)) {
    const text = typeof answer === 'string' ? answer : result.payload;
    return { status: 200, headers: [['content-type', 'application/json']], body: Buffer.from(text) };
  }
  const { statusCode, headers, cookies, body, isBase64Encoded } = answer as Record<string, unknown>;
  const status = readStatusCode(statusCode);
  const own = readHeaders(Object.entries(Object(headers)));
  const cookieHeaders = readHeaders((Array.isArray(cookies) ? cookies : []).map((each) => ['set-cookie', each]));
  const isReadable = status !== undefined && own !== undefined && cookieHeaders !== undefined && isOptionalText(body);
  // AWS does not document 1xx. It is not a final answer, so the client would keep waiting.
  if (!isReadable || status < 200) return messageResponse(500, 'Internal Server Error');
  const type = own.some(([name]) => name === 'content-type')
    ? []
    : [['content-type', 'text/plain;charset=UTF-8'] as const];
  const text = typeof body === 'string' ? body : '';
  return {
    status,
    headers: [...own, ...type, ...cookieHeaders].filter(([name]) => !hopByHopHeaders.includes(name)),
    body: Buffer.from(text, isBase64Encoded === true ? 'base64' : 'utf8'),
  };
}

export function messageResponse(status: number, message: string): HttpResponse {
  return {
    status,
    headers: [['content-type', 'application/json']],
    body: Buffer.from(JSON.stringify({ message })),
  };
}

/** Hop-by-hop headers, which API Gateway sets itself. */
const hopByHopHeaders = ['connection', 'content-length', 'transfer-encoding', 'keep-alive', 'trailer', 'upgrade'];

/** @returns undefined if a header is not valid in HTTP */
function readHeaders(entries: readonly (readonly [name: string, value: unknown])[]): Headers | undefined {
  const headers: [string, string][] = [];
  for (const [name, value] of entries) {
    const text = readHeaderValue(value);
    if (text === undefined || !isHeader(name, text)) return undefined;
    headers.push([name.toLowerCase(), text]);
  }
  return headers;
}

function isOptionalText(body: unknown): boolean {
  return body === undefined || body === null || typeof body === 'string';
}
