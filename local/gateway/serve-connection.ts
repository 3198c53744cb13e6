import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { Connection } from './connections.ts';
import { type Client, type ConnectionEnd, disconnectEvent, messageEvent, newGatewayId } from './events.ts';
import { readProxyResponse } from './integration.ts';
import type { Gateway, Route, Stage } from './websocket-api.ts';

// Both limits: docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
const frameLimitBytes = 32 * 1024;
export const messageLimitBytes = 128 * 1024;

/** Serves an open connection: its messages, and `$disconnect` at the end. */
export function serveConnection(
  gateway: Gateway,
  stage: Stage,
  client: Client,
  socket: WebSocket,
  stream: Duplex,
): void {
  const { observe } = gateway;
  const { connectionId, sourceIp, userAgent, authorizer: context } = client;
  const connection = new Connection(client, stage.name, socket, gateway.clock, observe);
  gateway.connections.add(connection);
  observe({
    kind: 'connected',
    connectionId,
    api: stage.apiId,
    stage: stage.name,
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
    connection.touch();
    if (gateway.faults.cuts()) return connection.terminate();
    // docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-develop-binary-media-types.html
    if (isBinary) return connection.close(1003, unknownReason);
    // Not awaited: messages of one connection run concurrently, in no guaranteed order.
    serveMessage(gateway, stage, connection, data.toString()).catch(reportFault(gateway, 'a message'));
  });
  let broken: ConnectionEnd | undefined;
  socket.on('error', (error: NodeJS.ErrnoException) => {
    broken = { code: closeCodeOf(error.code), reason: unknownReason };
  });
  socket.on('close', (code) => {
    gateway.connections.remove(connection);
    const end = connection.end ?? broken ?? { code, reason: reasonOf(code) };
    observe({ kind: 'disconnected', connectionId, ...end });
    if (gateway.connections.isClosed) return;
    serveDisconnect(gateway, stage, client, end).catch(reportFault(gateway, '$disconnect'));
  });
}

async function serveMessage(
  { api, clock, throttling, observe, log }: Gateway,
  stage: Stage,
  connection: Connection,
  body: string,
): Promise<void> {
  const { client } = connection;
  const route = customRoute(stage, api.selectRoute(body)) ?? stage.routes.get('$default');
  observe({ kind: 'message-in', connectionId: client.connectionId, routeKey: route?.key ?? '', body });
  if (route?.integration === undefined) {
    connection.send(errorFrame('Forbidden', client.connectionId, newGatewayId()), 'gateway');
    return;
  }
  if (!throttling.admits(stage.throttleOf(route.key))) {
    log({ kind: 'throttled', routeKey: route.key });
    // Only "429 Too Many Requests" is documented. The frame has the form of the other two error frames.
    connection.send(errorFrame('Too Many Requests', client.connectionId, newGatewayId()), 'gateway');
    return;
  }
  const event = messageEvent(stage, client, route.key, body, clock.now());
  const result = await route.integration.run(event, `${api.arn}/${stage.name}/${route.key}`);
  const response = readProxyResponse(result);
  const isBroken = result.outcome === 'failed' || (route.returnsResponse && response === undefined);
  if (isBroken) {
    const reason = result.outcome === 'failed' ? result.errorType : 'no proxy response';
    log({ kind: 'integration-failed', routeKey: route.key, reason });
    // Also on one-way routes: aws-samples/simple-websockets-chat-app#42. The text for the 29 s timeout is not documented.
    const { requestId } = event.requestContext;
    connection.send(errorFrame('Internal server error', client.connectionId, requestId), 'gateway');
    return;
  }
  // One report shows an empty frame for a reply without a body (serverless/serverless#6816); do not rely on it.
  // AWS does not document a status of 400 or more on a one-way route. Here it has no effect.
  if (route.returnsResponse) connection.send(response?.body ?? '', 'reply');
}

/** "Custom keys must not start with $", so a message cannot select $connect or $disconnect. */
function customRoute({ routes }: Stage, key: string): Route | undefined {
  return key.startsWith('$') ? undefined : routes.get(key);
}

/**
 * Runs `$disconnect` for a client that left while `$connect` ran. AWS does not document whether it does so. Without it,
 * the data that `$connect` stored would stay, and applications would keep posting to the connection.
 */
export function runDisconnectOf(gateway: Gateway, stage: Stage, client: Client): void {
  const end = { code: 1006, reason: unknownReason };
  serveDisconnect(gateway, stage, client, end).catch(reportFault(gateway, '$disconnect'));
}

/** Best effort: the client never sees the result. */
async function serveDisconnect(
  { api, clock, faults, log }: Gateway,
  stage: Stage,
  client: Client,
  end: ConnectionEnd,
): Promise<void> {
  const integration = stage.routes.get('$disconnect')?.integration;
  if (integration === undefined || faults.dropsDisconnect()) return;
  const event = disconnectEvent(stage, client, end, clock.now());
  const result = await integration.run(event, `${api.arn}/${stage.name}/$disconnect`);
  if (result.outcome === 'returned') return;
  log({ kind: 'integration-failed', routeKey: '$disconnect', reason: result.errorType });
}

/** Logs an error of the local cloud itself, so that the process and other connections continue. */
function reportFault({ log }: Gateway, routeKey: string): (error: unknown) => void {
  return (error) => log({ kind: 'integration-failed', routeKey, reason: `the local cloud failed: ${String(error)}` });
}

/** Byte for byte as in several transcripts, including the one space: aws-samples/simple-websockets-chat-app#24 and #42. */
function errorFrame(message: string, connectionId: string, requestId: string): string {
  return `{"message": "${message}", "connectionId":"${connectionId}", "requestId":"${requestId}"}`;
}

/** AWS does not document the reason for 1003, 1006, 1009 and a client's own codes. */
const unknownReason = '';

// Captured: aws-powertools/powertools-lambda-python tests/events/apiGatewayWebSocketApiDisconnect.json (1005) and
// aws/aws-lambda-go events/testdata/apigw-websocket-request-disconnect.json (1001 from a browser: empty).
function reasonOf(code: number): string {
  return code === 1005 ? 'Client-side close frame status not set' : unknownReason;
}

/** `ws` closes with these codes but reports 1006 to us. */
function closeCodeOf(errorCode: string | undefined): number {
  if (errorCode === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') return 1009;
  if (errorCode === 'WS_ERR_INVALID_UTF8') return 1007;
  return errorCode?.startsWith('WS_ERR_') === true ? 1002 : 1006;
}

/**
 * Tracks the frame boundaries of a client's byte stream, because `ws` limits only messages, but API Gateway also limits
 * frames. https://www.rfc-editor.org/rfc/rfc6455#section-5.2
 * @returns a function for every chunk; it returns true if a frame above the limit begins in the chunk
 */
export function watchFrameSizes(limitBytes: number): (chunk: Buffer) => boolean {
  const header: number[] = [];
  let payloadLeft = 0;

  return (chunk) => {
    for (let at = 0; at < chunk.length; ) {
      if (payloadLeft > 0) {
        const skipped = Math.min(payloadLeft, chunk.length - at);
        payloadLeft -= skipped;
        at += skipped;
        continue;
      }
      header.push(chunk[at] ?? 0);
      at += 1;
      const length = payloadLength(header);
      if (length === undefined) continue;
      header.length = 0;
      payloadLeft = length;
      if (length > limitBytes) return true;
    }
    return false;
  };
}

/** @returns undefined until the header is complete */
function payloadLength(header: readonly number[]): number | undefined {
  const second = header[1];
  if (second === undefined) return undefined;
  const short = second & 0x7f;
  const extended = short === 126 ? 2 : short === 127 ? 8 : 0;
  const mask = (second & 0x80) === 0 ? 0 : 4;
  if (header.length < 2 + extended + mask) return undefined;
  if (extended === 0) return short;
  return header.slice(2, 2 + extended).reduce((total, byte) => total * 256 + byte, 0);
}
