import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * Binds to 127.0.0.1 and nothing else, and keeps web pages out: the local cloud answers nobody but this machine's programs.
 * @param port 0 for any free one
 * @returns the port
 * @throws a sentence with the port number when it is taken
 */
export function listenOnLoopback(server: Server, port = 0): Promise<number> {
  return new Promise((resolve, reject) => {
    const refuse = (error: NodeJS.ErrnoException) =>
      reject(error.code === 'EADDRINUSE' ? new Error(`Port ${port} is taken by another program.`) : error);
    server.once('error', refuse);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', refuse);
      const bound = (server.address() as AddressInfo).port;
      refuseWebPages(server, bound);
      resolve(bound);
    });
  });
}

/**
 * Any page in the developer's browser can send requests to 127.0.0.1, and after a DNS rebinding also read the answers:
 * https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Origin. No AWS SDK sends an Origin. WebSocket upgrades
 * pass, because their Origin is the application's business.
 */
function refuseWebPages(server: Server, port: number): void {
  const listeners = server.listeners('request');
  server.removeAllListeners('request');
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    if (isFromWebPage(request, port)) {
      response.writeHead(403, { 'Content-Type': 'application/json', Connection: 'close' });
      response.end('{"message":"Forbidden"}');
      return;
    }
    for (const listener of listeners) listener.call(server, request, response);
  });
}

function isFromWebPage({ headers }: IncomingMessage, port: number): boolean {
  const ownHosts = [`127.0.0.1:${port}`, `localhost:${port}`];
  // An image or a script of a page sends no Origin, but every browser of today says where it comes from.
  const isOfPage = headers.origin !== undefined || (headers['sec-fetch-site'] ?? 'none') !== 'none';
  return isOfPage || !ownHosts.includes(headers.host?.toLowerCase() ?? '');
}

/** Ends open requests too: a Lambda that waits for its next event would keep the server open for ever. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
