import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { ApiRequest, RequestFault } from '../core/http-api/api-request.ts';

/**
 * Reads the event of an HTTP API (payload format 2.0). The body is the bytes that were signed
 * (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html).
 */
export function readRequest(event: APIGatewayProxyEventV2): ApiRequest {
  const { rawPath, rawQueryString, headers, body = '', isBase64Encoded, requestContext } = event;
  return {
    method: requestContext.http.method,
    path: rawPath,
    query: rawQueryString,
    body: Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8'),
    idempotencyKey: headers['idempotency-key'],
  };
}

/** Pusher's PHP library accepts only 200 and a JSON object as success. */
export function answerDone(body: string): APIGatewayProxyStructuredResultV2 {
  return { statusCode: 200, headers: { 'content-type': 'application/json' }, body };
}

/** Plain text, because Pusher's libraries use it as the message of their exception. */
export function answerFault({ status, sentence }: RequestFault): APIGatewayProxyStructuredResultV2 {
  const retry = status === 503 ? { 'retry-after': '1' } : {};
  return { statusCode: status, headers: { 'content-type': 'text/plain; charset=utf-8', ...retry }, body: sentence };
}
