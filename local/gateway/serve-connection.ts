import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Log } from '../log.ts';
import type { Observe } from '../observation.ts';
import { Connection, type Connections, type End } from './connections.ts';
import { type ApiStage, type Client, disconnectEvent, messageEvent } from './events.ts';
import { watchFrameSizes } from './frame-sizes.ts';
import { newGatewayId } from './ids.ts';
import { invokeWithin, readProxyResponse } from './invoke.ts';
import type { WebSocketApi } from './websocket-api.ts';

// Both: docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
export const frameLimitBytes = 32 * 1024;
export const messageLimitBytes = 128 * 1024;

export interface Gateway {
  readonly api: WebSocketApi;
  readonly connections: Connections;
  readonly log: Log;
  readonly observe?: Observe | undefined;
}

/** Runs an open connection: its messages, and `$disconnect` when it is over. */
export function serveConnection(
  gateway: Gateway,
  apiStage: ApiStage,
  client: Client,
  socket: WebSocket,
  stream: Duplex,
): void {
  const { observe } = gateway;
  const { connectionId, sourceIp, userAgent, authorizer: context } = client;
  const connection = new Connection(client, apiStage.stage, socket, observe);
  gateway.connections.add(connection);
  observe?.({
    kind: 'connected',
    connectionId,
    api: apiStage.apiId,
    stage: apiStage.stage,
    sourceIp,
    userAgent,
    context,
  });

  const isTooLong = watchFrameSizes(frameLimitBytes);
  stream.prependListener('data', (chunk: Buffer) => {
    if (isTooLong(chunk)) connection.close(1009, unknownReason);
  });
  socket.on('message', (data, isBinary) => {
    if (!connection.isOpen) return;
    connection.lastActiveAt = Date.now();
    // docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-develop-binary-media-types.html
    if (isBinary) return connection.close(1003, unknownReason);
    // Not awaited: messages of one connection run at the same time, in no promised order.
    serveMessage(gateway, apiStage, connection, data.toString()).catch(reportFault(gateway, 'a message'));
  });
  let broken: End | undefined;
  socket.on('error', (error: NodeJS.ErrnoException) => {
    broken = { code: closeCodeOf(error.code), reason: unknownReason };
  });
  socket.on('close', (code) => {
    gateway.connections.remove(connection);
    const end = connection.end ?? broken ?? { code, reason: reasonOf(code) };
    observe?.({ kind: 'disconnected', connectionId, ...end });
    if (gateway.connections.isClosed) return;
    serveDisconnect(gateway, apiStage, client, end).catch(reportFault(gateway, '$disconnect'));
  });
}

async function serveMessage(gateway: Gateway, apiStage: ApiStage, connection: Connection, body: string): Promise<void> {
  const { routes, selectRoute } = gateway.api;
  const { client } = connection;
  const route = customRoute(gateway.api, selectRoute(body)) ?? routes.get('$default');
  gateway.observe?.({ kind: 'message-in', connectionId: client.connectionId, routeKey: route?.key ?? '', body });
  if (route?.integration === undefined) {
    connection.send(errorFrame('Forbidden', client.connectionId, newGatewayId()), 'gateway');
    return;
  }
  const event = messageEvent(apiStage, client, route.key, body);
  const result = await invokeWithin(route.integration.function, event, route.integration.timeoutMs);
  const response = readProxyResponse(result);
  const isBroken = result.outcome === 'failed' || (route.returnsResponse && response === undefined);
  if (isBroken) {
    const reason = result.outcome === 'failed' ? result.errorType : 'no proxy response';
    gateway.log({ kind: 'integration-failed', routeKey: route.key, reason });
    // On one-way routes as well: aws-samples/simple-websockets-chat-app#42. The text for a timeout at 29 s is not known.
    connection.send(
      errorFrame('Internal server error', client.connectionId, event.requestContext.requestId),
      'gateway',
    );
    return;
  }
  // A reply without a body has been seen as an empty frame (serverless/serverless#6816, weak): never rely on it.
  // What a status of 400 and more does to a one-way route is not known: nothing here.
  if (route.returnsResponse) connection.send(response?.body ?? '', 'reply');
}

/** "Custom keys must not start with $", so no message can name $connect or $disconnect. */
function customRoute({ routes }: WebSocketApi, key: string) {
  return key.startsWith('$') ? undefined : routes.get(key);
}

/**
 * For a client that `$connect` let in and that had gone by then. Whether AWS runs `$disconnect` for it is not known; without,
 * whatever `$connect` registered would stay, and stock applications would keep posting to it.
 */
export function serveLeftClient(gateway: Gateway, apiStage: ApiStage, client: Client): void {
  const end = { code: 1006, reason: unknownReason };
  serveDisconnect(gateway, apiStage, client, end).catch(reportFault(gateway, '$disconnect'));
}

/** Best effort: whatever it does, the client never learns of it. */
async function serveDisconnect({ api, log }: Gateway, apiStage: ApiStage, client: Client, end: End): Promise<void> {
  const integration = api.routes.get('$disconnect')?.integration;
  if (integration === undefined) return;
  const event = disconnectEvent(apiStage, client, end.code, end.reason);
  const result = await invokeWithin(integration.function, event, integration.timeoutMs);
  if (result.outcome === 'returned') return;
  log({ kind: 'integration-failed', routeKey: '$disconnect', reason: result.errorType });
}

/** A fault of ours, not of a function: it must end neither the process nor the other connections. */
function reportFault({ log }: Gateway, routeKey: string): (error: unknown) => void {
  return (error) => log({ kind: 'integration-failed', routeKey, reason: `the local cloud failed: ${String(error)}` });
}

/** The bytes of several transcripts, with their one space: aws-samples/simple-websockets-chat-app#24 and #42. */
function errorFrame(message: string, connectionId: string, requestId: string): string {
  return `{"message": "${message}", "connectionId":"${connectionId}", "requestId":"${requestId}"}`;
}

/** What `$disconnect` says for 1003, 1006, 1009 and a client's own codes is not known. */
const unknownReason = '';

// Captured: aws-powertools/powertools-lambda-python tests/events/apiGatewayWebSocketApiDisconnect.json (1005) and
// aws/aws-lambda-go events/testdata/apigw-websocket-request-disconnect.json (1001 from a browser: empty).
function reasonOf(code: number): string {
  return code === 1005 ? 'Client-side close frame status not set' : unknownReason;
}

/** `ws` closes with these itself, but reports 1006 to us. */
function closeCodeOf(errorCode: string | undefined): number {
  if (errorCode === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') return 1009;
  if (errorCode === 'WS_ERR_INVALID_UTF8') return 1007;
  return errorCode?.startsWith('WS_ERR_') === true ? 1002 : 1006;
}
