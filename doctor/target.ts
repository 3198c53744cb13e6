import type { SessionMode } from '../functions/core/handshake/session.ts';
import { isLoopback } from '../functions/core/handshake/session-endpoint.ts';

/** What is known before anything is asked. */
export interface Target {
  readonly url: URL;
  /** As the stack is or will be deployed; undefined where it was not said. */
  readonly mode?: SessionMode | undefined;
  readonly cookieName: string;
  /** The names that mode `cookie` passes on, if not the session cookie alone. */
  readonly cookies?: readonly string[] | undefined;
  /** A Cookie header of somebody who is logged in. */
  readonly cookie: string | undefined;
  /** A page of the same site that takes long with that cookie. */
  readonly slowUrl: URL | undefined;
  /** What PHP and the gateway share. */
  readonly keys: { readonly key: string; readonly secret: string; readonly appId?: string | undefined } | undefined;
  /** The Authorization header for a site behind HTTP Basic. */
  readonly authorization?: string | undefined;
  /** How long the gateway waits for PHP. */
  readonly sessionTimeoutMs: number;
}

/** Whether a cookie may travel there: the same rule as for the gateway. */
export const isSafe = (url: URL): boolean => url.protocol === 'https:' || isLoopback(url);

/** A URL without its query, which may hold something secret. */
export const nameOf = (url: URL): string => url.origin + url.pathname;

/** A cookie's value in a Cookie header, as it was sent. Of two with the same name the first counts, as in PHP. */
export function findCookie(cookieHeader: string, name: string): string | undefined {
  const pairs = cookieHeader.split(';').map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);
}

/** The session id that a cookie's value stands for in plain PHP. */
export function decodeValue(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
