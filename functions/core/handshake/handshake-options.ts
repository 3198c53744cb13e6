/**
 * How a token becomes a session. A deployment has one mode and never falls back to another.
 * `ticket`: PHP seals the token. The gateway asks PHP with the cookies in it, and PHP must answer the session id in it.
 * `cookie`: there is no token. The gateway asks PHP with the cookies of the handshake, and PHP answers whose they are.
 * `session-id`: the token is the raw id, and PHP must answer 200 with that id as JSON.
 * `status`: the token is the raw id, and any 200 is accepted; the body is not read.
 */
export const sessionModes = ['ticket', 'cookie', 'session-id', 'status'] as const;
export type SessionMode = (typeof sessionModes)[number];

/** Where the handshake has its token: `?token=`, the second sub-protocol, or its cookies. */
export const tokenSources = ['query', 'subprotocol', 'cookie'] as const;
export type TokenSource = (typeof tokenSources)[number];

/**
 * `always`: the gateway asks PHP in every handshake. `trust-ticket`: the gateway trusts a ticket for its 30 s and does
 * not ask PHP.
 */
export const sessionChecks = ['always', 'trust-ticket'] as const;
export type SessionCheck = (typeof sessionChecks)[number];

/**
 * The options of the handshake; undefined means the default. One set per deployment: clients could bypass it with a
 * second one.
 */
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

/** Fills in the defaults. */
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

/** By RFC 6265 (https://www.rfc-editor.org/rfc/rfc6265#section-4.1.1), which allows `*`. */
const nameOfCookie = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;

/** Undefined when the options are valid together; otherwise one plain sentence about the first that is not. */
export function findHandshakeOptionsFault(options: HandshakeOptions): string | undefined {
  const { mode, tokenFrom, sessionCheck } = resolveHandshakeOptions(options);
  if (!sessionModes.includes(mode)) return `mode must be one of ${sessionModes.join(', ')} (got "${mode}").`;
  if (!tokenSources.includes(tokenFrom)) {
    return `tokenFrom must be one of ${tokenSources.join(', ')} (got "${tokenFrom}").`;
  }
  if (!sessionChecks.includes(sessionCheck)) {
    return `sessionCheck must be one of ${sessionChecks.join(', ')} (got "${sessionCheck}").`;
  }
  if (mode === 'cookie' && tokenFrom !== 'cookie') {
    return `mode "cookie" has no token, so tokenFrom cannot be "${tokenFrom}". Leave tokenFrom out.`;
  }
  if (mode !== 'cookie' && tokenFrom === 'cookie') return 'tokenFrom "cookie" needs mode "cookie".';
  if (mode !== 'ticket' && tokenFrom === 'subprotocol') {
    return 'tokenFrom "subprotocol" needs mode "ticket": a session id may contain a comma, and a sub-protocol may not.';
  }
  if (mode !== 'ticket' && sessionCheck === 'trust-ticket') {
    return 'sessionCheck "trust-ticket" needs mode "ticket": only a ticket can be trusted without asking PHP.';
  }
  if (mode === 'cookie' && options.allowMissingOrigin === true) {
    return 'allowMissingOrigin is not allowed with mode "cookie": browsers add cookies to the requests of every page, and only Origin tells your page from another.';
  }
  return findCookieFault(options, mode);
}

function findCookieFault(options: HandshakeOptions, mode: SessionMode): string | undefined {
  const { cookieName, cookies } = options;
  const chosen = options.mode === undefined ? `mode "${mode}", which is the default` : `mode "${mode}"`;
  if (cookieName !== undefined && mode === 'ticket') {
    return `cookieName has no effect in ${chosen}: a ticket contains the cookies. Leave it out, or set mode "session-id" or "status".`;
  }
  if (cookieName !== undefined && mode === 'cookie') return 'cookieName has no effect in mode "cookie". Use cookies.';
  if (cookieName !== undefined && !nameOfCookie.test(cookieName)) {
    return `cookieName "${cookieName}" is not the name of a cookie.`;
  }
  if (cookies === undefined) return undefined;
  if (mode !== 'cookie') return `cookies has no effect in ${chosen}. Leave it out, or set mode "cookie".`;
  if (cookies.length === 0) return 'cookies is empty. List at least the session cookie.';
  const fault = cookies.map(findCookiePatternFault).find((found) => found !== undefined);
  return fault === undefined ? undefined : `cookies: ${fault}`;
}

function findCookiePatternFault(name: string): string | undefined {
  if (!nameOfCookie.test(name)) return `"${name}" is not the name of a cookie.`;
  if (name === '*') return '"*" would forward every cookie. Give at least the first characters of the name.';
  if (name.slice(0, -1).includes('*')) return `"${name}" has a * before its end. A * is allowed at the end only.`;
  return undefined;
}
