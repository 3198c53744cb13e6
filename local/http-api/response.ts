import { type IntegrationResult, isHeader, readHeaderValue, readStatusCode } from '../gateway/integration.ts';
import { parseJson } from '../http/body.ts';

type Headers = readonly (readonly [name: string, value: string])[];

export interface HttpResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
}

/**
 * What the function's answer becomes; without a `statusCode` "API Gateway assumes" a 200 of JSON:
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
  const isReadable = status !== undefined && own !== undefined && cookieHeaders !== undefined && isTextOrNothing(body);
  // Of a 1xx nothing is known: it is no final answer, and the client would wait on for one.
  if (!isReadable || status < 200) return messageResponse(500, 'Internal Server Error');
  const type = own.some(([name]) => name === 'content-type')
    ? []
    : [['content-type', 'text/plain;charset=UTF-8'] as const];
  const text = typeof body === 'string' ? body : '';
  return {
    status,
    headers: [...own, ...type, ...cookieHeaders].filter(([name]) => !ofTheConnection.includes(name)),
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

/** Those of the hop are API Gateway's own business. */
const ofTheConnection = ['connection', 'content-length', 'transfer-encoding', 'keep-alive', 'trailer', 'upgrade'];

/** @returns undefined when there is one that HTTP cannot carry */
function readHeaders(entries: readonly (readonly [name: string, value: unknown])[]): Headers | undefined {
  const headers: [string, string][] = [];
  for (const [name, value] of entries) {
    const text = readHeaderValue(value);
    if (text === undefined || !isHeader(name, text)) return undefined;
    headers.push([name.toLowerCase(), text]);
  }
  return headers;
}

function isTextOrNothing(body: unknown): boolean {
  return body === undefined || body === null || typeof body === 'string';
}
