import { randomInt } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Server as NetServer } from 'node:net';

/**
 * Longer than the SDK and `fetch` keep an idle connection. Otherwise they could write to a connection that the server is
 * closing. Node's default of five seconds is too short for a busy machine.
 */
export const keepAliveMs = 60_000;

/**
 * Listens only on 127.0.0.1 and rejects web pages, so that only programs on this machine can use the local cloud.
 * @param port 0 for any free one
 * @param isOwnPage as for `rejectWebPages`
 * @returns the port
 * @throws a sentence with the port number if the port is in use
 */
export async function listenOnLoopback(
  server: Server,
  port = 0,
  isOwnPage?: (url: string) => boolean,
): Promise<number> {
  const bound = await listen(server, port);
  rejectWebPages(server, [`127.0.0.1:${bound}`, `localhost:${bound}`], isOwnPage);
  return bound;
}

/**
 * Listens only on 127.0.0.1.
 * @throws a sentence with the port number if the port is in use
 */
export function listen(server: NetServer, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const refuse = (error: NodeJS.ErrnoException) =>
      reject(error.code === 'EADDRINUSE' ? new Error(`Port ${port} is in use by another program.`) : error);
    server.once('error', refuse);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', refuse);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/** Also ends open requests: a Lambda that waits for its next event would keep the server open forever. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/**
 * Any page in the developer's browser can send requests to 127.0.0.1, and after DNS rebinding also read the answers:
 * https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Origin. AWS SDKs send no Origin. WebSocket upgrades
 * pass, because the application checks their Origin.
 * @param ownHosts `host:port`, or the host alone for port 443
 * @param isOwnPage whether a URL belongs to this server's own web page, which may send requests
 */
export function rejectWebPages(
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
  // Images and scripts send no Origin, but current browsers send Sec-Fetch-Site.
  const site = headers['sec-fetch-site'] ?? 'none';
  if (!isOwnPage) return origin === undefined && site === 'none';
  const own = `${'encrypted' in socket ? 'https' : 'http'}://${host}`;
  return (origin ?? own) === own && (site === 'none' || site === 'same-origin');
}

/**
 * Systems use higher ports for outgoing connections and for port 0 (from 32768 on Linux, from 49152 on macOS and Windows).
 * So a free port in this range stays free until its server starts. Browsers block some lower ports.
 */
const range = { from: 20_000, to: 32_768 };
const attempts = 100;

/**
 * Finds a port for programs that must know it in advance, or that do not support port 0.
 * @param wanted 0 for any free one
 * @throws a sentence with the port number if the port is in use
 */
export async function findFreePort(wanted = 0): Promise<number> {
  if (wanted !== 0) return probe(wanted);
  for (let attempt = 1; attempt < attempts; attempt += 1) {
    const port = await probe(randomInt(range.from, range.to)).catch(() => undefined);
    if (port !== undefined) return port;
  }
  return probe(0);
}

async function probe(port: number): Promise<number> {
  const server = createServer();
  const bound = await listenOnLoopback(server, port);
  await closeServer(server);
  return bound;
}
