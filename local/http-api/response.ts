import { parseJson } from '../json.ts';
import type { InvocationResult } from '../lambda/environment.ts';

export interface HttpResponse {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
}

/**
 * What the function's answer becomes; without a `statusCode` "API Gateway assumes" a 200 of JSON:
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
export function toHttpResponse(result: InvocationResult): HttpResponse {
  // docs.aws.amazon.com/apigateway/latest/developerguide/http-api-troubleshooting-lambda.html; 503 at the time limit.
  if (result.outcome === 'failed') {
    return result.errorType === 'IntegrationTimeout'
      ? messageResponse(503, 'Service Unavailable')
      : messageResponse(500, 'Internal Server Error');
  }
  const answer = parseJson(result.payload);
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer) || !('statusCode' in answer)) {
    const text = typeof answer === 'string' ? answer : result.payload;
    return { status: 200, headers: [['content-type', 'application/json']], body: Buffer.from(text) };
  }
  const { statusCode, headers, cookies, body, isBase64Encoded } = answer as Record<string, unknown>;
  const status = Number(statusCode);
  const isReadable = Number.isInteger(status) && status >= 100 && status <= 599 && isTextOrNothing(body);
  if (!isReadable) return messageResponse(500, 'Internal Server Error');
  const own = Object.entries(Object(headers) as Record<string, unknown>).map(
    ([name, value]) => [name.toLowerCase(), String(value)] as const,
  );
  const type = own.some(([name]) => name === 'content-type')
    ? []
    : [['content-type', 'text/plain;charset=UTF-8'] as const];
  const cookieHeaders = (Array.isArray(cookies) ? cookies : []).map((each) => ['set-cookie', String(each)] as const);
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
const ofTheConnection = ['connection', 'content-length', 'transfer-encoding', 'keep-alive', 'upgrade'];

function isTextOrNothing(body: unknown): boolean {
  return body === undefined || body === null || typeof body === 'string';
}
