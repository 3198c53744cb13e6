import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Credentials } from './credentials.ts';

/** The parts of a request that `X-Session-Socket` signs. */
export interface SignedRequest {
  readonly method: 'GET';
  readonly pathAndQuery: string;
  /** Epoch seconds; PHP accepts ±300. */
  readonly time: number;
  /** The Cookie header, byte for byte. */
  readonly cookieHeader: string;
  /** The browser's IP address when PHP sealed the ticket. */
  readonly address?: string | undefined;
  /** The browser's user agent at that time, in base64url. */
  readonly agent?: string | undefined;
}

/** The value of `X-Session-Socket`. It proves to PHP that the gateway asks, and not a browser. */
export function signRequest(credentials: Credentials, request: SignedRequest): string {
  const { method, pathAndQuery, time, cookieHeader, address, agent } = request;
  const parts = [method, pathAndQuery, time, createHash('sha256').update(cookieHeader).digest('hex')];
  // A PHP file that seals neither of them does not sign them either.
  const browser = address === undefined && agent === undefined ? [] : [address ?? '', agent ?? ''];
  return `kid=${credentials.key},t=${time},s=${sign(credentials, [...parts, ...browser].join('\n'))}`;
}

/**
 * Whether our PHP file answered no to this very request: `X-Session-Socket-Answer: no,s=<hex>`. It signs the signature
 * of the request, so a copy is useless for another request.
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
