import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * Binds to 127.0.0.1 and nothing else, and keeps web pages out: the local cloud answers nobody but this machine's programs.
 * @param port 0 for any free one
 * @param isOwnPage which URLs are a web page of this server itself: its own requests, and no other page's, may pass
 * @returns the port
 * @throws a sentence with the port number when it is taken
 */
export function listenOnLoopback(
  server: Server,
  port = 0,
  isOwnPage: (url: string) => boolean = () => false,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const refuse = (error: NodeJS.ErrnoException) =>
      reject(error.code === 'EADDRINUSE' ? new Error(`Port ${port} is taken by another program.`) : error);
    server.once('error', refuse);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', refuse);
      const bound = (server.address() as AddressInfo).port;
      refuseWebPages(server, bound, isOwnPage);
      resolve(bound);
    });
  });
}

/**
 * Any page in the developer's browser can send requests to 127.0.0.1, and after a DNS rebinding also read the answers:
 * https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Origin. No AWS SDK sends an Origin. WebSocket upgrades
 * pass, because their Origin is the application's business.
 */
function refuseWebPages(server: Server, port: number, isOwnPage: (url: string) => boolean): void {
  const listeners = server.listeners('request');
  server.removeAllListeners('request');
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const allowed = isOwnPage(request.url ?? '') ? 'own page' : 'no page';
    if (!isAllowed(request, port, allowed)) {
      response.writeHead(403, { 'Content-Type': 'application/json', Connection: 'close' });
      response.end('{"message":"Forbidden"}');
      return;
    }
    for (const listener of listeners) listener.call(server, request, response);
  });
}

function isAllowed({ headers, socket }: IncomingMessage, port: number, allowed: 'own page' | 'no page'): boolean {
  const host = headers.host?.toLowerCase() ?? '';
  if (![`127.0.0.1:${port}`, `localhost:${port}`].includes(host)) return false;
  const { origin } = headers;
  // An image or a script of a page sends no Origin, but every browser of today says where it comes from.
  const site = headers['sec-fetch-site'] ?? 'none';
  if (allowed === 'no page') return origin === undefined && site === 'none';
  const scheme = 'encrypted' in socket ? 'https' : 'http';
  return (origin ?? `${scheme}://${host}`) === `${scheme}://${host}` && (site === 'none' || site === 'same-origin');
}

/** Ends open requests too: a Lambda that waits for its next event would keep the server open for ever. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
