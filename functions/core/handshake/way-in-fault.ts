import { type SessionMode, sessionModes } from './session.ts';
import { sessionChecks, settleWayIn, tokenSources, type WayIn } from './way-in.ts';

/** By RFC 6265 (https://www.rfc-editor.org/rfc/rfc6265#section-4.1.1), of which `*` is one character. */
const nameOfCookie = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;

/** Undefined when the parts fit together; else one plain sentence about the first that does not. */
export function findWayInFault(wayIn: WayIn): string | undefined {
  const { mode, tokenFrom, sessionCheck } = settleWayIn(wayIn);
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
  if (mode === 'cookie' && wayIn.allowMissingOrigin === true) {
    return 'allowMissingOrigin cannot go with mode "cookie": browsers add cookies by themselves, so Origin is all that tells your page from another.';
  }
  return findCookieFault(wayIn, mode);
}

function findCookieFault(wayIn: WayIn, mode: SessionMode): string | undefined {
  const { cookieName, cookies } = wayIn;
  const said = wayIn.mode === undefined ? `mode "${mode}", which is the default` : `mode "${mode}"`;
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
