import type { IncomingHttpHeaders } from 'node:http';
import type { SessionMode } from '../functions/core/handshake/handshake-options.ts';
import { parseJson } from '../functions/core/json.ts';

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Truncated if it is too long. */
  readonly body: string;
  readonly bytes: number;
  /** Longer than the gateway reads. */
  readonly isTooLong: boolean;
  /** From the request to the last byte. */
  readonly ms: number;
  /** This machine's clock when the answer began, epoch milliseconds. */
  readonly receivedAt: number;
  /** Whether it used the connection of an earlier request. */
  readonly isKept: boolean;
}

/** No answer, or an incomplete one. */
export interface NoReply {
  /** A code such as `ECONNREFUSED`. An error's message could quote secrets. */
  readonly failure: string;
  readonly ms: number;
}

export type Answered = Reply | NoReply;

export const isReply = (answered: Answered): answered is Reply => !('failure' in answered);

/** The meaning of an answer: whose session it is. */
export type ParsedReply =
  | { readonly kind: 'nobody'; readonly how: 'status' | 'json' }
  | { readonly kind: 'redirect' }
  | { readonly kind: 'somebody'; readonly token: string; readonly isTicket: boolean; readonly namesUser: boolean }
  | { readonly kind: 'misconfigured' }
  /** PHP source code that the server did not run. */
  | { readonly kind: 'source' }
  | { readonly kind: 'html' }
  | { readonly kind: 'not json' }
  | { readonly kind: 'status' };

const redirects = [301, 302, 303, 307, 308];
const jsonType = /^application\/([\w.-]+\+)?json\b/i;
/** `t1.<key>.<base64url>` */
const ticket = /^t1\.[A-Za-z0-9_-]{1,32}\.[A-Za-z0-9_-]+$/;

/** Pages about PHP escape the `<`. */
const isPhpSource = ({ body }: Reply): boolean => /<\?php\b|^\s*<\?[=\s]/i.test(body);

export const isRedirect = (status: number): boolean => redirects.includes(status);
const hasType = ({ headers }: Reply, type: RegExp): boolean => type.test(headers['content-type'] ?? '');
export const isJson = (reply: Reply): boolean => hasType(reply, jsonType);

/** @param mode in `status` only the status code counts */
export function readReply(reply: Reply, mode?: SessionMode): ParsedReply {
  const { status, body } = reply;
  if (status === 401 || status === 403) return { kind: 'nobody', how: 'status' };
  if (isRedirect(status)) return { kind: 'redirect' };
  if (status === 421) return { kind: 'misconfigured' };
  if (status !== 200) return { kind: 'status' };
  if (mode === 'status') return { kind: 'somebody', token: '', isTicket: false, namesUser: false };
  if (isPhpSource(reply)) return { kind: 'source' };
  if (/^[\s\uFEFF]*<(!doctype|html|!--|head|body|h1)/i.test(body) || hasType(reply, /^text\/html\b/i))
    return { kind: 'html' };
  if (!isJson(reply)) return { kind: 'not json' };
  try {
    return readIdentity(parseJson(body));
  } catch (error) {
    if (error instanceof SyntaxError) return { kind: 'not json' };
    throw error;
  }
}

function readIdentity(value: unknown): ParsedReply {
  if (typeof value === 'string' && value !== '') return somebody(value, false);
  if (typeof value !== 'object' || value === null || !('sessionId' in value)) return { kind: 'nobody', how: 'json' };
  if (typeof value.sessionId !== 'string') return { kind: 'nobody', how: 'json' };
  return somebody(value.sessionId, 'userId' in value && typeof value.userId === 'string');
}

function somebody(token: string, namesUser: boolean): ParsedReply {
  return { kind: 'somebody', token, isTicket: ticket.test(token), namesUser };
}

/** How far the app's clock is ahead of this machine's, by the Date header; undefined if there is no usable Date. */
export function clockSkewSeconds({ headers, receivedAt }: Reply): number | undefined {
  const date = Date.parse(headers.date ?? '');
  // A cached answer keeps the date of the day it was stored.
  if (Number.isNaN(date) || Number(headers.age ?? 0) > 0) return undefined;
  return Math.round((date - receivedAt) / 1000);
}

export interface SetCookie {
  readonly name: string;
  readonly value: string;
  /** Values by lower-case name; '' for attributes without a value. */
  readonly attributes: ReadonlyMap<string, string>;
}

/** Parses as browsers do: https://www.rfc-editor.org/rfc/rfc6265#section-5.2 */
export function readSetCookie(line: string): SetCookie {
  const [pair = '', ...attributes] = line.split(';').map(split);
  const [name, value] = typeof pair === 'string' ? ['', ''] : pair;
  return { name, value, attributes: new Map(attributes.map(([key, text]) => [key.toLowerCase(), text])) };
}

export function cookiesSetBy(replies: readonly Reply[]): readonly SetCookie[] {
  return replies.flatMap(({ headers }) => headers['set-cookie'] ?? []).map(readSetCookie);
}

function split(part: string): readonly [name: string, value: string] {
  const at = part.indexOf('=');
  return at === -1 ? [part.trim(), ''] : [part.slice(0, at).trim(), part.slice(at + 1).trim()];
}
