/** Mode `cookie`: page and socket share one domain and one cookie. */
export interface SharedDomain {
  readonly pageUrl: string;
  /** The CDK context for this domain. */
  readonly context: Readonly<Record<string, string>>;
  /** PHP's settings in addition to the credentials. */
  readonly environment: Readonly<Record<string, string>>;
  /** The page's URL for the socket. The local cloud's own host gets no cookie. */
  socketUrlOf(webSocketUrl: string): string;
}

/**
 * Browsers resolve every name below `localhost` to this machine (https://www.rfc-editor.org/rfc/rfc6761#section-6.3).
 * They reject a cookie for `localhost` itself, as they do for `com`, so the domain needs one more label.
 */
const localDomain = 'session-socket.localhost';

export function shareDomain(pagePort: number, domain = localDomain): SharedDomain {
  const pageUrl = `http://app.${domain}:${pagePort}`;
  return {
    pageUrl,
    // Not PHPSESSID: an older cookie of one host may exist, and the browser would send two of the same name.
    context: { mode: 'cookie', cookies: 'APPSID', allowedOrigins: pageUrl },
    environment: { SESSION_SOCKET_COOKIE_DOMAIN: domain, SESSION_SOCKET_COOKIE: 'APPSID' },
    socketUrlOf(webSocketUrl) {
      const { protocol, port, pathname } = new URL(webSocketUrl);
      return `${protocol}//ws.${domain}:${port}${pathname}`;
    },
  };
}

/** Your own app keeps its host, and the socket uses the same one: cookies ignore ports (https://www.rfc-editor.org/rfc/rfc6265#section-8.5). */
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
