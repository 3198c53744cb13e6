import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { Inspector } from '../inspector/inspector.ts';
import { isPageUrl } from '../inspector/page.ts';
import type { Log } from '../log.ts';
import { closeServer, listenOnLoopback } from '../loopback.ts';
import { Connections } from './connections.ts';
import { type Admission, admit, readUpgrade, refuseEarly, stageIn } from './handshake.ts';
import { answerManagementApi, connectionIdIn } from './management-api.ts';
import { watchPendingSocket } from './pending-socket.ts';
import { type Gateway, messageLimitBytes, serveConnection, serveLeftClient } from './serve-connection.ts';
import type { WebSocketApi } from './websocket-api.ts';

export interface GatewayServer {
  readonly port: number;
  /** Until then every request gets a 503: the port must be known before the functions can be made. */
  serve(api: WebSocketApi): void;
  close(): Promise<void>;
}

// Far above API Gateway's quotas, so that a client that exceeds them gets an answer from us and not from the parser.
const maxHeaderSize = 256 * 1024;
const closePatienceMs = 500;

/** The WebSocket API and its @connections API on one port. */
export async function startGateway(
  port: number,
  region: string,
  log: Log,
  inspector?: Inspector,
): Promise<GatewayServer> {
  const observe = inspector?.observe;
  const connections = new Connections();
  const protocols = new WeakMap<IncomingMessage, string>();
  const webSockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: messageLimitBytes,
    // Negotiated like this by API Gateway in 2021: python-websockets/websockets#1065.
    perMessageDeflate: { serverMaxWindowBits: 12 },
    // Only what $connect returned; nothing is chosen for it.
    handleProtocols: (_, request) => protocols.get(request) ?? false,
  });
  let gateway: Gateway | undefined;

  async function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const pending = watchPendingSocket(socket, head);
    const api = gateway?.api;
    const stage = stageIn(request.url ?? '');
    const apiStage = { apiId: api?.apiId ?? '', stage, domainName: `127.0.0.1:${boundPort}` };
    let connectionId: string | undefined;
    const ask = (from: WebSocketApi) => {
      const asked = readUpgrade(request, apiStage, region, pending.isGone);
      connectionId = asked.connectionId;
      return admit(from, asked);
    };
    const admission: Admission =
      api === undefined
        ? { status: 503, reason: 'the local cloud is starting' }
        : (refuseEarly(request, api.stages) ?? (await ask(api)));
    const tellRefused = (status: number, reason: string) => {
      log({ kind: 'handshake', status, reason });
      observe?.({ kind: 'refused', status, reason, stage, connectionId });
    };

    const early = pending.release();
    if (admission.client === undefined) {
      tellRefused(admission.status, admission.reason);
      if (admission.left !== undefined && gateway !== undefined) serveLeftClient(gateway, apiStage, admission.left);
      return refuse(socket, admission.status);
    }
    if (admission.protocol !== undefined) protocols.set(request, admission.protocol);
    let isUpgraded = false;
    webSockets.handleUpgrade(request, socket, early, (webSocket) => {
      isUpgraded = true;
      if (gateway === undefined) return webSocket.terminate();
      log({ kind: 'handshake', status: 101, reason: 'connected' });
      serveConnection(gateway, apiStage, admission.client, webSocket, socket);
    });
    if (isUpgraded || gateway === undefined) return;
    // ws has answered it already: it offers extensions or sub-protocols that cannot be read.
    tellRefused(400, 'the WebSocket handshake is malformed');
    serveLeftClient(gateway, apiStage, admission.client);
  }

  const server: Server = createServer({ maxHeaderSize }, (request, response) => {
    if (inspector?.page(request, response) === true) return;
    const target = connectionIdIn(request.url ?? '');
    if (gateway === undefined || target === undefined || !gateway.api.stages.includes(target.stage)) {
      return answerPlainRequest(request, response, gateway?.api.stages ?? []);
    }
    answerManagementApi(connections, target.stage, target.connectionId, request, response).catch(() =>
      response.destroy(),
    );
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    upgrade(request, socket, head).catch(() => socket.destroy());
  });
  const sockets = new Set<Duplex>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const boundPort = await listenOnLoopback(server, port, inspector === undefined ? undefined : isPageUrl);

  return {
    port: boundPort,
    serve(api) {
      gateway = { api, connections, log, observe };
    },
    async close() {
      gateway = undefined;
      const closed = closeServer(server);
      await connections.close(closePatienceMs);
      // What is left are handshakes whose functions have not answered; the server would wait for them.
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function answerPlainRequest(request: IncomingMessage, response: ServerResponse, stages: readonly string[]): void {
  // 426: serverless-offline's suite, run against AWS in 2019. 403 beside a stage: aws/aws-sdk-php#1955.
  const isHandshakeUrl = request.method === 'GET' && stages.includes(stageIn(request.url ?? ''));
  const [status, message] = isHandshakeUrl ? [426, 'Upgrade Required'] : [403, 'Forbidden'];
  response.writeHead(status, { 'Content-Type': 'application/json', Connection: 'close' });
  response.end(JSON.stringify({ message }));
}

function refuse(socket: Duplex, status: number): void {
  const words = STATUS_CODES[status] ?? 'Unknown';
  const body = JSON.stringify({ message: words });
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
