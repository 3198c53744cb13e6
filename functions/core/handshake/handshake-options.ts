/**
 * How a token becomes a session (one per deployment, no downgrade between them).
 * `ticket`: the token is sealed by PHP, and PHP, asked with the cookies in it, must answer the session id in it.
 * `cookie`: there is no token. PHP is asked with the handshake's own cookies and answers whose they are.
 * `session-id`: the token is the raw id, and PHP must answer 200 with that very id as JSON.
 * `status`: the token is the raw id, and any 200 will do; the body is not read.
 */
export const sessionModes = ['ticket', 'cookie', 'session-id', 'status'] as const;
export type SessionMode = (typeof sessionModes)[number];

/** Where a handshake carries its token: `?token=`, the second sub-protocol, or its own cookies. */
export const tokenSources = ['query', 'subprotocol', 'cookie'] as const;
export type TokenSource = (typeof tokenSources)[number];

/**
 * `always`: PHP is asked in every handshake. `trust-ticket`: what a ticket says is believed for its 30 s, and nothing is
 * asked.
 */
export const sessionChecks = ['always', 'trust-ticket'] as const;
export type SessionCheck = (typeof sessionChecks)[number];

/** How a browser gets in; undefined stands for the default. One set per deployment: a second would be a way around the first. */
export interface HandshakeOptions {
  readonly mode?: SessionMode | undefined;
  readonly tokenFrom?: TokenSource | undefined;
  readonly sessionCheck?: SessionCheck | undefined;
  readonly cookieName?: string | undefined;
  readonly cookies?: readonly string[] | undefined;
  readonly allowMissingOrigin?: boolean | undefined;
}

export interface ResolvedHandshakeOptions {
  readonly mode: SessionMode;
  readonly tokenFrom: TokenSource;
  readonly sessionCheck: SessionCheck;
  readonly cookieName: string;
  readonly cookies: readonly string[];
  readonly allowMissingOrigin: boolean;
}

/** With every default in its place. */
export function resolveHandshakeOptions({ mode = 'ticket', ...options }: HandshakeOptions): ResolvedHandshakeOptions {
  return {
    mode,
    tokenFrom: options.tokenFrom ?? (mode === 'cookie' ? 'cookie' : 'query'),
    sessionCheck: options.sessionCheck ?? 'always',
    cookieName: options.cookieName ?? 'PHPSESSID',
    cookies: options.cookies ?? ['PHPSESSID'],
    allowMissingOrigin: options.allowMissingOrigin ?? false,
  };
}

/** By RFC 6265 (https://www.rfc-editor.org/rfc/rfc6265#section-4.1.1), of which `*` is one character. */
const nameOfCookie = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;

/** Undefined when the parts fit together; else one plain sentence about the first that does not. */
export function findHandshakeOptionsFault(options: HandshakeOptions): string | undefined {
  const { mode, tokenFrom, sessionCheck } = resolveHandshakeOptions(options);
  if (!sessionModes.includes(mode)) return `mode "${mode}" is not known; it is one of ${sessionModes.join(', ')}.`;
  if (!tokenSources.includes(tokenFrom)) {
    return `tokenFrom "${tokenFrom}" is not known; it is one of ${tokenSources.join(', ')}.`;
  }
  if (!sessionChecks.includes(sessionCheck)) {
    return `sessionCheck "${sessionCheck}" is not known; it is one of ${sessionChecks.join(', ')}.`;
  }
  if (mode === 'cookie' && tokenFrom !== 'cookie') {
    return `mode "cookie" has no token, so tokenFrom cannot be "${tokenFrom}"; leave it out.`;
  }
  if (mode !== 'cookie' && tokenFrom === 'cookie') return 'tokenFrom "cookie" needs mode "cookie".';
  if (mode !== 'ticket' && tokenFrom === 'subprotocol') {
    return 'tokenFrom "subprotocol" needs mode "ticket": a session id may hold a comma, and a sub-protocol may not.';
  }
  if (mode !== 'ticket' && sessionCheck === 'trust-ticket') {
    return 'sessionCheck "trust-ticket" needs mode "ticket": nothing else can be trusted without asking PHP.';
  }
  if (mode === 'cookie' && options.allowMissingOrigin === true) {
    return 'allowMissingOrigin cannot go with mode "cookie": browsers add cookies by themselves, so Origin is all that tells your page from another.';
  }
  return findCookieFault(options, mode);
}

function findCookieFault(options: HandshakeOptions, mode: SessionMode): string | undefined {
  const { cookieName, cookies } = options;
  const said = options.mode === undefined ? `mode "${mode}", which is the default` : `mode "${mode}"`;
  if (cookieName !== undefined && mode === 'ticket') {
    return `cookieName means nothing in ${said}: a ticket brings its cookies with it; leave it out, or set mode "session-id" or "status".`;
  }
  if (cookieName !== undefined && mode === 'cookie') return 'cookieName means nothing in mode "cookie"; say cookies.';
  if (cookieName !== undefined && !nameOfCookie.test(cookieName)) {
    return `cookieName "${cookieName}" is not the name of a cookie.`;
  }
  if (cookies === undefined) return undefined;
  if (mode !== 'cookie') return `cookies means nothing in ${said}; leave it out, or set mode "cookie".`;
  if (cookies.length === 0) return 'cookies is empty: name at least the cookie of the session.';
  const fault = cookies.map(findCookiePatternFault).find((found) => found !== undefined);
  return fault === undefined ? undefined : `cookies: ${fault}`;
}

function findCookiePatternFault(name: string): string | undefined {
  if (!nameOfCookie.test(name)) return `"${name}" is not the name of a cookie.`;
  if (name === '*') return '"*" would pass every cookie on; say at least how its name begins.';
  if (name.slice(0, -1).includes('*')) return `"${name}" has a * before its end, where it stands for nothing else.`;
  return undefined;
}
