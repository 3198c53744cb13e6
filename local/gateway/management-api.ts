import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ServiceFault } from '../faults.ts';
import { decodeUri, readBody, type ServiceAnswer } from '../http/input.ts';
import { answerDenial } from '../iam/denial.ts';
import { connectionNeed } from '../iam/needs.ts';
import type { Connections } from './connections.ts';
import { isGatewayId } from './events.ts';
import { messageLimitBytes } from './serve-connection.ts';
import type { Gateway } from './websocket-api.ts';

interface Answer {
  readonly status: number;
  readonly errorType?: string;
  readonly body?: object;
}

/** `/{stage}/@connections/{id}`, also with %40, a double slash (from SDK endpoints that end in a slash) or a trailing slash. */
export function connectionIdIn(url: string): { readonly stage: string; readonly connectionId: string } | undefined {
  const found = /^\/+([^/?]+)\/+(?:@|%40)connections\/+([^/?]+)\/*(?:\?|$)/i.exec(url);
  if (found === null) return undefined;
  return { stage: found[1] ?? '', connectionId: decodeUri(found[2] ?? '') };
}

/**
 * The @connections API: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-how-to-call-websocket-api-connections.html
 * with the errors of the SDK's model.
 */
export async function answerManagementApi(
  { api, clock, connections, faults, gate, place }: Gateway,
  stage: string,
  connectionId: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method = '', url = '', headers } = request;
  // SDKs set their clock by this header, so it must come from the clock that checks their signatures.
  response.setHeader('Date', new Date(clock.now()).toUTCString());
  const body = await readBody(request, messageLimitBytes);
  const fault = await faults.beforeCall('connections');
  if (fault !== undefined) return send(response, faultAnswers[fault]);
  if (body !== 'too long') {
    const need = connectionNeed({ apiId: api.apiId, stage, method, connectionId }, place);
    const denial = gate.check('execute-api', { method, url, headers, body }, [need]);
    if (denial !== undefined) return sendRefusal(response, answerDenial('execute-api', denial));
  }
  send(response, answer(connections, stage, connectionId, method, body));
}

function sendRefusal(response: ServerResponse, { status, headers, body = '' }: ServiceAnswer): void {
  response.writeHead(status, { ...headers, 'Content-Length': Buffer.byteLength(body) }).end(body);
}

/** The SDK's model has LimitExceededException for "more than the allowed number of requests". */
const faultAnswers: Readonly<Record<ServiceFault, Answer>> = {
  fail: refuse(500, 'InternalServerErrorException', 'Internal server error'),
  throttle: refuse(429, 'LimitExceededException', 'Too Many Requests'),
};

function send(response: ServerResponse, { status, errorType, body }: Answer): void {
  const text = body === undefined ? '' : JSON.stringify(body);
  response.writeHead(status, {
    ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    // The body of a 410 is empty, so the SDK recognizes a GoneException only by this header.
    ...(errorType === undefined ? {} : { 'x-amzn-ErrorType': errorType }),
    ...(status === 204 ? {} : { 'Content-Length': Buffer.byteLength(text) }),
  });
  response.end(text);
}

function answer(
  connections: Connections,
  stage: string,
  id: string,
  method: string,
  body: Buffer | 'too long',
): Answer {
  // A malformed id gets 400, not 410: localstack#4694.
  if (!isGatewayId(id)) return refuse(400, 'BadRequestException', `Invalid connectionId: ${id}`);
  if (body === 'too long') return refuse(413, 'PayloadTooLargeException', 'Payload Too Large');
  const connection = connections.find(id, stage);
  switch (method) {
    case 'POST':
      if (connection === undefined) return gone;
      connection.send(body, 'post');
      return { status: 200 };
    case 'GET':
      if (connection === undefined) return gone;
      return {
        status: 200,
        body: {
          connectedAt: new Date(connection.client.connectedAt).toISOString(),
          identity: { sourceIp: connection.client.sourceIp, userAgent: connection.client.userAgent ?? '' },
          lastActiveAt: new Date(connection.lastActiveAt).toISOString(),
        },
      };
    case 'DELETE':
      if (connection === undefined) return gone;
      // boto/boto3#3789: $disconnect runs, with this code and this text.
      connection.close(1000, 'Connection Closed Normally');
      return { status: 204 };
    default:
      return refuse(403, 'ForbiddenException', 'Forbidden');
  }
}

const gone: Answer = { status: 410, errorType: 'GoneException' };

function refuse(status: number, errorType: string, message: string): Answer {
  return { status, errorType, body: { message } };
}
