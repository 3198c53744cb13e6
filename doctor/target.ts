import type { SessionMode } from '../functions/core/handshake/handshake-options.ts';
import { isLoopback } from '../functions/core/handshake/session-endpoint.ts';

/** The input of a run. */
export interface Target {
  readonly url: URL;
  /** The stack's mode; undefined if --mode is not given. */
  readonly mode?: SessionMode | undefined;
  readonly cookieName: string;
  /** The cookies that mode `cookie` passes on; by default only the session cookie. */
  readonly cookies?: readonly string[] | undefined;
  /** The Cookie header of a logged-in user. */
  readonly cookie: string | undefined;
  /** A slow page of the same site that uses the same session. */
  readonly slowUrl: URL | undefined;
  /** The credentials that PHP and the gateway share. */
  readonly keys: { readonly key: string; readonly secret: string; readonly appId?: string | undefined } | undefined;
  /** The Authorization header for a site behind HTTP Basic. */
  readonly authorization?: string | undefined;
  /** How long the gateway waits for PHP. */
  readonly sessionTimeoutMs: number;
}

/** Whether a cookie may be sent there. The gateway has the same rule. */
export const isSafe = (url: URL): boolean => url.protocol === 'https:' || isLoopback(url);

/** The URL without its query, which may hold secrets. */
export const nameOf = (url: URL): string => url.origin + url.pathname;

/** A cookie's raw value in a Cookie header. Of two with the same name the first counts, as in PHP. */
export function findCookie(cookieHeader: string, name: string): string | undefined {
  const pairs = cookieHeader.split(';').map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);
}

/** The session id that PHP reads from a cookie's raw value. */
export function decodeValue(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
