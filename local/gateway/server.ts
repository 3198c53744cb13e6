import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { rejectWebPages } from '../http/loopback.ts';
import { type Certificate, listenWithTls } from '../http/tls.ts';
import type { Inspector } from '../inspector/inspector.ts';
import { isPageUrl } from '../inspector/serve-page.ts';
import { type Admission, admit, readUpgrade, rejectInvalidUpgrade, stageIn, watchPendingSocket } from './handshake.ts';
import { answerManagementApi, connectionIdIn } from './management-api.ts';
import { messageLimitBytes, runDisconnectOf, serveConnection } from './serve-connection.ts';
import type { Gateway } from './websocket-api.ts';

export interface GatewayServer {
  readonly port: number;
  /** Until this call every request gets a 503. The functions need the port, so the server listens first. */
  serve(gateway: Gateway): void;
  close(): Promise<void>;
}

// Far above API Gateway's quotas, so that we and not Node's parser answer a client that exceeds them.
const maxHeaderSize = 256 * 1024;
const closeTimeoutMs = 500;

/**
 * Serves a WebSocket API and its @connections API on one port, with and without TLS.
 * @param host the API's host on AWS; functions that build URLs from the API's id use it
 */
export async function startGateway(
  port: number,
  host: string,
  certificate: Certificate,
  inspector: Inspector | undefined,
): Promise<GatewayServer> {
  let gateway: Gateway | undefined;
  const upgradeSocket = createUpgrader();

  async function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const pending = watchPendingSocket(socket, head);
    const serving = gateway;
    if (serving === undefined) return refuse(socket, 503);
    const stage = serving.api.stages.get(stageIn(request.url ?? ''));
    const asked = stage && readUpgrade(request, stage, serving.clock.now(), pending.isGone);
    const admission: Admission =
      rejectInvalidUpgrade(request) ?? (asked === undefined ? noSuchStage : await admit(serving, asked));
    const reportRefusal = (status: number, reason: string) => {
      serving.log({ kind: 'handshake', status, reason });
      const { connectionId } = asked ?? {};
      serving.observe({ kind: 'refused', status, reason, stage: stageIn(request.url ?? ''), connectionId });
    };

    const sent = pending.release();
    if (admission.client === undefined || stage === undefined) {
      const { status, reason, disconnectedClient } = admission as Exclude<Admission, { status: 101 }>;
      reportRefusal(status, reason);
      if (disconnectedClient !== undefined && stage !== undefined) runDisconnectOf(serving, stage, disconnectedClient);
      return refuse(socket, status);
    }
    const webSocket = upgradeSocket(request, socket, sent, admission.protocol);
    if (webSocket === undefined) {
      // ws has already answered: the request has malformed extensions or sub-protocols.
      reportRefusal(400, 'the WebSocket handshake is malformed');
      return runDisconnectOf(serving, stage, admission.client);
    }
    if (gateway === undefined) return webSocket.terminate();
    serving.log({ kind: 'handshake', status: 101, reason: 'connected' });
    serveConnection(serving, stage, admission.client, webSocket, socket);
  }

  const server: Server = createServer({ maxHeaderSize }, (request, response) => {
    if (inspector?.page(request, response) === true) return;
    const target = connectionIdIn(request.url ?? '');
    if (gateway === undefined || target === undefined || !gateway.api.stages.has(target.stage)) {
      return answerPlainRequest(request, response, gateway);
    }
    answerManagementApi(gateway, target.stage, target.connectionId, request, response).catch(() => response.destroy());
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    upgrade(request, socket, head).catch(() => socket.destroy());
  });
  const listener = await listenWithTls(server, port, certificate);
  const ownHosts = [`127.0.0.1:${listener.port}`, `localhost:${listener.port}`, host];
  rejectWebPages(server, ownHosts, inspector === undefined ? undefined : isPageUrl);

  return {
    port: listener.port,
    serve(them) {
      gateway = them;
    },
    async close() {
      const connections = gateway?.connections;
      gateway = undefined;
      await connections?.close(closeTimeoutMs);
      // Ends the remaining handshakes and @connections calls.
      await listener.close();
    },
  };
}

/** @returns a function that upgrades a request; undefined if that fails, after the client got an answer */
function createUpgrader() {
  const protocols = new WeakMap<IncomingMessage, string>();
  const webSockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: messageLimitBytes,
    // API Gateway negotiated this in 2021: python-websockets/websockets#1065.
    perMessageDeflate: { serverMaxWindowBits: 12 },
    // Only the sub-protocol that $connect returned, no default.
    handleProtocols: (_, request) => protocols.get(request) ?? false,
  });
  return (request: IncomingMessage, socket: Duplex, head: Buffer, protocol: string | undefined) => {
    if (protocol !== undefined) protocols.set(request, protocol);
    let upgraded: WebSocket | undefined;
    // The callback runs synchronously or never.
    webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      upgraded = webSocket;
    });
    return upgraded as WebSocket | undefined;
  };
}

// On AWS a POST to an unknown stage gets this answer (aws/aws-sdk-php#1955). AWS does not document upgrades.
const noSuchStage: Admission = { status: 403, reason: 'there is no such stage' };

function answerPlainRequest(request: IncomingMessage, response: ServerResponse, gateway: Gateway | undefined): void {
  const [status, message] = plainAnswer(request, gateway);
  response.writeHead(status, { 'Content-Type': 'application/json', Connection: 'close' });
  response.end(JSON.stringify({ message }));
}

function plainAnswer({ method, url = '' }: IncomingMessage, gateway: Gateway | undefined): readonly [number, string] {
  if (gateway === undefined) return [503, 'Service Unavailable'];
  // 426: serverless-offline's suite, run against AWS in 2019. 403 for an unknown stage: aws/aws-sdk-php#1955.
  const isHandshakeUrl = method === 'GET' && gateway.api.stages.has(stageIn(url));
  return isHandshakeUrl ? [426, 'Upgrade Required'] : [403, 'Forbidden'];
}

function refuse(socket: Duplex, status: number): void {
  const words = STATUS_CODES[status] ?? 'Unknown';
  const body = JSON.stringify({ message: words });
  // After the answer is written, but without waiting for the client to close.
  socket.once('finish', () => socket.destroy());
  socket.end(
    [
      `HTTP/1.1 ${status} ${words}`,
      'Connection: close',
      'Content-Type: application/json',
      `Content-Length: ${Buffer.byteLength(body)}`,
      '',
      body,
    ].join('\r\n'),
  );
}
