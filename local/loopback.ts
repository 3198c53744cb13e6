import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { type AddressInfo, createServer, type Server as NetServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';

/**
 * Binds to 127.0.0.1 and nothing else, and keeps web pages out: the local cloud answers nobody but this machine's programs.
 * @param port 0 for any free one
 * @param isOwnPage as for `refuseWebPages`
 * @returns the port
 * @throws a sentence with the port number when it is taken
 */
export async function listenOnLoopback(
  server: Server,
  port = 0,
  isOwnPage?: (url: string) => boolean,
): Promise<number> {
  const bound = await listen(server, port);
  refuseWebPages(server, [`127.0.0.1:${bound}`, `localhost:${bound}`], isOwnPage);
  return bound;
}

/** A server that answers on one port with TLS and without. */
export interface DualServer {
  readonly port: number;
  close(): Promise<void>;
}

/** The type of the first TLS record: https://www.rfc-editor.org/rfc/rfc8446#section-5.1 */
const tlsHandshake = 22;

/**
 * As API Gateway's hosts speak TLS only, handlers write `https://`; browsers and tools on one machine want plain `ws://`.
 * @throws a sentence with the port number when it is taken
 */
export async function listenWithTls(
  server: Server,
  port: number,
  certificate: { readonly key: string; readonly cert: string },
): Promise<DualServer> {
  // Not announced as HTTP/2: the AWS SDK and every WebSocket client speak HTTP/1.1 here.
  const tls = createTlsServer({ ...certificate, ALPNProtocols: ['http/1.1'] }, (socket) =>
    server.emit('connection', socket),
  );
  tls.on('tlsClientError', (_, socket) => socket.destroy());
  const sockets = new Set<Socket>();
  const front = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.once('data', (first: Buffer) => {
      socket.pause();
      socket.unshift(first);
      // TLS takes what was put back by itself; what flows before it has begun would be lost.
      if (first[0] === tlsHandshake) return tls.emit('connection', socket);
      server.emit('connection', socket);
      socket.resume();
    });
  });
  const bound = await listen(front, port);
  return {
    port: bound,
    close() {
      return new Promise((resolve) => {
        front.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      });
    },
  };
}

function listen(server: NetServer, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const refuse = (error: NodeJS.ErrnoException) =>
      reject(error.code === 'EADDRINUSE' ? new Error(`Port ${port} is taken by another program.`) : error);
    server.once('error', refuse);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', refuse);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/**
 * Any page in the developer's browser can send requests to 127.0.0.1, and after a DNS rebinding also read the answers:
 * https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Origin. No AWS SDK sends an Origin. WebSocket upgrades
 * pass, because their Origin is the application's business.
 * @param ownHosts `host:port`, or the host alone for port 443
 * @param isOwnPage which URLs are a web page of this server itself: its own requests, and no other page's, may pass
 */
export function refuseWebPages(
  server: Server,
  ownHosts: readonly string[],
  isOwnPage: (url: string) => boolean = () => false,
): void {
  const listeners = server.listeners('request');
  server.removeAllListeners('request');
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    if (!isAllowed(request, ownHosts, isOwnPage(request.url ?? ''))) {
      response.writeHead(403, { 'Content-Type': 'application/json', Connection: 'close' });
      response.end('{"message":"Forbidden"}');
      return;
    }
    for (const listener of listeners) listener.call(server, request, response);
  });
}

function isAllowed({ headers, socket }: IncomingMessage, ownHosts: readonly string[], isOwnPage: boolean): boolean {
  const host = headers.host?.toLowerCase() ?? '';
  if (!ownHosts.includes(host)) return false;
  const { origin } = headers;
  // An image or a script of a page sends no Origin, but every browser of today says where it comes from.
  const site = headers['sec-fetch-site'] ?? 'none';
  if (!isOwnPage) return origin === undefined && site === 'none';
  const own = `${'encrypted' in socket ? 'https' : 'http'}://${host}`;
  return (origin ?? own) === own && (site === 'none' || site === 'same-origin');
}

/** Ends open requests too: a Lambda that waits for its next event would keep the server open for ever. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
