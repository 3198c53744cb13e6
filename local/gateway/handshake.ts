import type { IncomingMessage } from 'node:http';
import { accountId } from '../template/physical-ids.ts';
import { type AuthorizerContext, decide, type IdentitySource } from './authorizer.ts';
import {
  type ApiStage,
  authorizerEvent,
  type Client,
  connectEvent,
  forwardedHeaders,
  type Handshake,
  type Pairs,
} from './events.ts';
import { newGatewayId } from './ids.ts';
import { invokeWithin, readProxyResponse } from './invoke.ts';
import { integrationTimeoutMs, type WebSocketApi } from './websocket-api.ts';

export type Admission =
  | { readonly status: 101; readonly client: Client; readonly protocol: string | undefined }
  /** The bodies of refused handshakes on AWS are not known: ours say the status in words. */
  | {
      readonly status: number;
      readonly reason: string;
      readonly client?: never;
      /** `$connect` let it in, and then there was no socket to open. */
      readonly left?: Client;
    };

/** What the client asks for, before any function has seen it. */
export interface UpgradeRequest {
  readonly connectionId: string;
  readonly apiStage: ApiStage;
  readonly region: string;
  readonly sourceIp: string;
  readonly host: string;
  readonly userAgent: string | undefined;
  readonly handshake: Handshake;
  /** Whether the client has hung up meanwhile. */
  isGone(): boolean;
}

// docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
const urlLimit = 4096;

/** The checks that need no function: undefined when the request may go on. */
export function refuseEarly(request: IncomingMessage, stages: readonly string[]): Admission | undefined {
  const { method, headers, url = '' } = request;
  // The quota is documented, the status for a longer one is not: 414 is HTTP's own word for it.
  if (url.length > urlLimit) return { status: 414, reason: 'the URL is longer than 4096 characters' };
  if (method !== 'GET' || headers.upgrade?.toLowerCase() !== 'websocket') {
    return { status: 400, reason: 'not a WebSocket handshake' };
  }
  if (!/^[+/0-9A-Za-z]{22}==$/.test(headers['sec-websocket-key'] ?? '')) {
    return { status: 400, reason: 'Sec-WebSocket-Key is missing or invalid' };
  }
  if (headers['sec-websocket-version'] !== '13') return { status: 400, reason: 'Sec-WebSocket-Version is not 13' };
  // On AWS a POST beside the stage gets this answer (aws/aws-sdk-php#1955); of an upgrade it is not known.
  if (!stages.includes(stageIn(url))) return { status: 403, reason: 'there is no such stage' };
  return undefined;
}

/** The first segment of the path, when it is the only one. */
export function stageIn(url: string): string {
  return /^\/([^/?]*)\/?(?:\?|$)/.exec(url)?.[1] ?? '';
}

export function readUpgrade(
  request: IncomingMessage,
  apiStage: ApiStage,
  region: string,
  isGone: () => boolean,
): UpgradeRequest {
  const sourceIp = request.socket.remoteAddress ?? '127.0.0.1';
  const query = (request.url ?? '').split('?').slice(1).join('?');
  const sent: [string, string][] = [];
  for (let index = 0; index + 1 < request.rawHeaders.length; index += 2) {
    sent.push([request.rawHeaders[index] ?? '', request.rawHeaders[index + 1] ?? '']);
  }
  return {
    connectionId: newGatewayId(),
    apiStage,
    region,
    sourceIp,
    host: request.headers.host ?? apiStage.domainName,
    userAgent: request.headers['user-agent'],
    handshake: { headers: forwardedHeaders(sent, sourceIp), query: [...new URLSearchParams(query)] },
    isGone,
  };
}

/** Authorizer, then `$connect`; the client waits for both. */
export async function admit(api: WebSocketApi, request: UpgradeRequest): Promise<Admission> {
  const { apiStage, region, handshake } = request;
  const stranger: Client = {
    connectionId: request.connectionId,
    connectedAt: Date.now(),
    sourceIp: request.sourceIp,
    userAgent: request.userAgent,
    host: request.host,
    authorizer: undefined,
  };

  let context: AuthorizerContext | undefined;
  if (api.authorizer !== undefined) {
    const isComplete = api.authorizer.identitySources.every((source) => hasIdentity(source, handshake));
    if (!isComplete) return { status: 401, reason: 'the identity source is missing' };
    const methodArn = `arn:aws:execute-api:${region}:${accountId}:${api.apiId}/${apiStage.stage}/$connect`;
    const event = authorizerEvent(apiStage, stranger, handshake, methodArn);
    // No caching on WebSocket APIs: AuthorizerResultTtlInSeconds is "Supported only for HTTP API Lambda authorizers".
    const decision = decide(await invokeWithin(api.authorizer.function, event, integrationTimeoutMs), methodArn);
    if (decision.outcome === 'refused') return decision;
    context = decision.context;
  }

  const client: Client = { ...stranger, authorizer: context };
  const integration = api.routes.get('$connect')?.integration;
  if (integration === undefined) return { status: 101, client, protocol: undefined };
  if (request.isGone()) return { status: 499, reason: 'the client went away' };

  const result = await invokeWithin(
    integration.function,
    connectEvent(apiStage, client, handshake),
    integration.timeoutMs,
  );
  const response = readProxyResponse(result);
  // serverless/serverless-websockets-plugin#13: a crash of $connect is a 502.
  if (response === undefined) return { status: 502, reason: failureOf(result) };
  const { statusCode } = response;
  // Of 1xx and 3xx nothing is known. A 1xx is no final answer, and a 101 would tell the client that it is connected.
  if (statusCode < 200) return { status: 502, reason: `$connect returned ${statusCode}` };
  if (statusCode > 299) return { status: statusCode, reason: `$connect returned ${statusCode}` };
  if (request.isGone()) return { status: 499, reason: 'the client went away', left: client };
  return { status: 101, client, protocol: response.header('Sec-WebSocket-Protocol') };
}

function failureOf(result: Awaited<ReturnType<typeof invokeWithin>>): string {
  return result.outcome === 'failed' ? `$connect failed: ${result.errorType}` : '$connect returned no proxy response';
}

/** "Every source must be present, not null and non-empty": CfnAuthorizer.identitySource. */
function hasIdentity(source: IdentitySource, { headers, query }: Handshake): boolean {
  const pairs: Pairs = source.in === 'header' ? headers : query;
  const isNamed = (name: string) =>
    source.in === 'header' ? name.toLowerCase() === source.name.toLowerCase() : name === source.name;
  return pairs.some(([name, value]) => isNamed(name) && value !== '');
}
