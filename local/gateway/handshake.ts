import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { decide, hasIdentity } from './authorizer.ts';
import {
  type AuthorizerContext,
  authorizerEvent,
  type Client,
  connectEvent,
  forwardedHeaders,
  type Handshake,
  newGatewayId,
  sentHeaders,
} from './events.ts';
import { type IntegrationResult, isHeader, readProxyResponse } from './integration.ts';
import type { Gateway, Stage } from './websocket-api.ts';

export type Admission =
  | { readonly status: 101; readonly client: Client; readonly protocol: string | undefined }
  /** AWS does not document the body of a rejected handshake. Ours is the status text. */
  | {
      readonly status: number;
      readonly reason: string;
      readonly client?: never;
      /** Set if `$connect` accepted the client but the client had disconnected. */
      readonly disconnectedClient?: Client;
    };

/** The client's request before any function runs. */
export interface UpgradeRequest {
  readonly connectionId: string;
  readonly stage: Stage;
  readonly sourceIp: string;
  readonly host: string;
  readonly userAgent: string | undefined;
  readonly handshake: Handshake;
  /** Whether the client has disconnected. */
  isGone(): boolean;
}

// docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
const urlLimit = 4096;

/** The checks that need no function. Returns undefined if the request passes. */
export function rejectInvalidUpgrade(request: IncomingMessage): Admission | undefined {
  const { method, headers, url = '' } = request;
  // The quota is documented, the status for a longer URL is not. 414 is HTTP's status for it.
  if (url.length > urlLimit) return { status: 414, reason: 'the URL is longer than 4096 characters' };
  if (method !== 'GET' || headers.upgrade?.toLowerCase() !== 'websocket') {
    return { status: 400, reason: 'not a WebSocket handshake' };
  }
  if (!/^[+/0-9A-Za-z]{22}==$/.test(headers['sec-websocket-key'] ?? '')) {
    return { status: 400, reason: 'Sec-WebSocket-Key is missing or invalid' };
  }
  if (headers['sec-websocket-version'] !== '13') return { status: 400, reason: 'Sec-WebSocket-Version is not 13' };
  return undefined;
}

/** The first segment of the path, if it is the only one. */
export function stageIn(url: string): string {
  return /^\/([^/?]*)\/?(?:\?|$)/.exec(url)?.[1] ?? '';
}

export function readUpgrade(
  request: IncomingMessage,
  stage: Stage,
  nowMs: number,
  isGone: () => boolean,
): UpgradeRequest {
  const sourceIp = request.socket.remoteAddress ?? '127.0.0.1';
  const query = (request.url ?? '').split('?').slice(1).join('?');
  return {
    connectionId: newGatewayId(),
    stage,
    sourceIp,
    host: request.headers.host ?? stage.domainName,
    userAgent: request.headers['user-agent'],
    handshake: {
      headers: forwardedHeaders(sentHeaders(request), sourceIp, nowMs),
      query: [...new URLSearchParams(query)],
    },
    isGone,
  };
}

/** Runs the authorizer, then `$connect`, while the client waits. */
export async function admit({ api, clock, throttling, log }: Gateway, request: UpgradeRequest): Promise<Admission> {
  const { stage, handshake } = request;
  if (!throttling.admits(stage.throttleOf('$connect'))) {
    return { status: 429, reason: 'above the rate of the stage' };
  }
  const unauthorized: Client = {
    connectionId: request.connectionId,
    connectedAt: clock.now(),
    sourceIp: request.sourceIp,
    userAgent: request.userAgent,
    host: request.host,
    authorizer: undefined,
  };
  const route = stage.routes.get('$connect');
  const methodArn = `${api.arn}/${stage.name}/$connect`;

  let context: AuthorizerContext | undefined;
  if (route?.authorizer !== undefined) {
    const { id, integration, identitySources, warnStringified } = route.authorizer;
    const event = authorizerEvent(stage, unauthorized, handshake, methodArn, clock.now());
    const identifiable = { ...handshake, stageVariables: stage.variables, context: event.requestContext };
    const isComplete = identitySources.every((source) => hasIdentity(source, identifiable));
    if (!isComplete) return { status: 401, reason: 'the identity source is missing' };
    // No caching on WebSocket APIs: AuthorizerResultTtlInSeconds is "Supported only for HTTP API Lambda authorizers".
    const decision = decide(await integration.run(event, `${api.arn}/authorizers/${id}`), methodArn);
    if (decision.outcome === 'refused') return decision;
    warnStringified(decision.stringified, log);
    context = decision.context;
  }

  const client: Client = { ...unauthorized, authorizer: context };
  if (route?.integration === undefined) return { status: 101, client, protocol: undefined };
  if (request.isGone()) return { status: 499, reason: 'the client went away' };

  const event = connectEvent(stage, client, handshake, clock.now());
  const result = await route.integration.run(event, methodArn);
  const response = readProxyResponse(result);
  // A REST API answers 500 for a function that it may not invoke. A crash of $connect was seen as a 502:
  // serverless/serverless-websockets-plugin#13.
  if (response === undefined) return { status: result.cause === 'denied' ? 500 : 502, reason: failureOf(result) };
  const { statusCode } = response;
  // AWS does not document 1xx and 3xx. A 1xx is not a final answer, and a 101 would open the socket.
  if (statusCode < 200) return { status: 502, reason: `$connect returned ${statusCode}` };
  if (statusCode > 299) return { status: statusCode, reason: `$connect returned ${statusCode}` };
  const protocol = response.header('Sec-WebSocket-Protocol');
  if (protocol !== undefined && !isHeader('Sec-WebSocket-Protocol', protocol)) {
    return { status: 502, reason: '$connect returned a sub-protocol that is not valid in a header' };
  }
  if (request.isGone()) return { status: 499, reason: 'the client went away', disconnectedClient: client };
  return { status: 101, client, protocol };
}

function failureOf(result: IntegrationResult): string {
  return result.outcome === 'failed' ? `$connect failed: ${result.errorType}` : '$connect returned no proxy response';
}

/** The socket of a client whose handshake has no answer yet. Detects a disconnect and keeps early data. */
export interface PendingSocket {
  isGone(): boolean;
  /** Stops watching. @returns the data that came before the answer; read it first */
  release(): Buffer;
}

// A client may not send before the answer. This limit protects the memory from clients that do.
const earlyLimitBytes = 64 * 1024;

export function watchPendingSocket(socket: Duplex, head: Buffer): PendingSocket {
  const early: Buffer[] = [head];
  let isGone = false;
  const onGone = () => {
    isGone = true;
  };
  const onData = (chunk: Buffer) => {
    early.push(chunk);
    if (early.reduce((total, { length }) => total + length, 0) > earlyLimitBytes) socket.destroy();
  };
  // A stream reports a closed peer only while it is read.
  socket.on('data', onData);
  socket.on('end', onGone);
  socket.on('close', onGone);
  // Never removed: an error without a listener would end the process.
  socket.on('error', onGone);
  return {
    isGone: () => isGone,
    release() {
      socket.off('data', onData);
      socket.off('end', onGone);
      socket.off('close', onGone);
      return Buffer.concat(early);
    },
  };
}
