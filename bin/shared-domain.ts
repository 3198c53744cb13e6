/** Mode `cookie`: page and socket on one domain, and a cookie for both. */
export interface SharedDomain {
  readonly pageUrl: string;
  /** CDK context that this takes. */
  readonly context: Readonly<Record<string, string>>;
  /** What PHP has to know beside the credentials. */
  readonly environment: Readonly<Record<string, string>>;
  /** Of the local cloud, whose host knows no cookie, as the page has to name it. */
  socketUrlOf(webSocketUrl: string): string;
}

/**
 * Browsers find every name below `localhost` on this machine (https://www.rfc-editor.org/rfc/rfc6761#section-6.3), and take
 * a cookie for all of `localhost` as little as one for all of `com`: so there is a name before it.
 */
const atHome = 'session-socket.localhost';

export function shareDomain(pagePort: number, domain = atHome): SharedDomain {
  const pageUrl = `http://app.${domain}:${pagePort}`;
  return {
    pageUrl,
    // Another name than PHP's own: beside an older cookie of one host, the browser would send two of the same name.
    context: { mode: 'cookie', cookies: 'APPSID', allowedOrigins: pageUrl },
    environment: { SESSION_SOCKET_COOKIE_DOMAIN: domain, SESSION_SOCKET_COOKIE: 'APPSID' },
    socketUrlOf(webSocketUrl) {
      const { protocol, port, pathname } = new URL(webSocketUrl);
      return `${protocol}//ws.${domain}:${port}${pathname}`;
    },
  };
}

/** Somebody's own app keeps its host, and the socket is on the same: cookies do not know ports (https://www.rfc-editor.org/rfc/rfc6265#section-8.5). */
export function shareHost(app: URL, cookies = 'PHPSESSID'): SharedDomain {
  return {
    pageUrl: app.origin,
    context: { mode: 'cookie', cookies, allowedOrigins: app.origin },
    environment: {},
    socketUrlOf(webSocketUrl) {
      const { protocol, port, pathname } = new URL(webSocketUrl);
      return `${protocol}//${app.hostname}:${port}${pathname}`;
    },
  };
}
