import { randomInt } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Server as NetServer } from 'node:net';

/**
 * Of a server: longer than clients such as the SDK's and `fetch` keep an idle connection, or they would write into one that is just
 * being closed. Node's default is five seconds, and a busy machine is late.
 */
export const keepAliveMs = 60_000;

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

/**
 * For 127.0.0.1 and nothing else.
 * @throws a sentence with the port number when it is taken
 */
export function listen(server: NetServer, port: number): Promise<number> {
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

/** Ends open requests too: a Lambda that waits for its next event would keep the server open for ever. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
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

/**
 * Below the range from which systems take ports for outgoing connections and for port 0 (from 32768 on Linux, from 49152 on macOS
 * and Windows), and above the ports that browsers block: what is free here stays free until its server starts.
 */
const range = { from: 20_000, to: 32_768 };
const attempts = 100;

/**
 * For programs that must know a port before anything listens on it, or that cannot be told "any".
 * @param wanted 0 for any free one
 * @throws a sentence with the port number when it is taken
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
