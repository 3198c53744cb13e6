import type { IncomingMessage, Server, ServerResponse } from 'node:http';

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
