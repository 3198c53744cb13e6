import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Credentials } from './credentials.ts';

/** The parts of a request that `X-Session-Socket` vouches for. */
export interface SignedRequest {
  readonly method: 'GET';
  readonly pathAndQuery: string;
  /** Epoch seconds; PHP accepts ±300. */
  readonly time: number;
  /** The Cookie header, byte for byte. */
  readonly cookieHeader: string;
  /** As PHP saw it when it sealed the ticket. */
  readonly address?: string | undefined;
  /** As PHP saw it then, in base64url. */
  readonly agent?: string | undefined;
}

/** The value of `X-Session-Socket`, by which PHP knows that the gateway asks and not a browser. */
export function signRequest(credentials: Credentials, request: SignedRequest): string {
  const { method, pathAndQuery, time, cookieHeader, address, agent } = request;
  const parts = [method, pathAndQuery, time, createHash('sha256').update(cookieHeader).digest('hex')];
  // A PHP file that seals neither signs without them.
  const browser = address === undefined && agent === undefined ? [] : [address ?? '', agent ?? ''];
  return `kid=${credentials.key},t=${time},s=${sign(credentials, [...parts, ...browser].join('\n'))}`;
}

/**
 * Whether PHP's own file answered no to this very request: `X-Session-Socket-Answer: no,s=<hex>`, over the request's own
 * signature, so that a kept copy is worth nothing for another request.
 * @param request the value of `X-Session-Socket`
 */
export function isSignedNo(credentials: Credentials, request: string, answer: string): boolean {
  const expected = Buffer.from(`no,s=${sign(credentials, `no\n${request.slice(-64)}`)}`);
  const given = Buffer.from(answer);
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function sign({ derived }: Credentials, text: string): string {
  return createHmac('sha256', derived.request).update(text).digest('hex');
}
