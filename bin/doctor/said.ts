import type { SessionMode } from '../../functions/core/handshake/session.ts';
import { parseJson } from '../../functions/core/json.ts';
import type { Reply } from './ask.ts';

/** What an answer says about whose session it is. */
export type Said =
  | { readonly kind: 'nobody'; readonly how: 'status' | 'json' }
  | { readonly kind: 'redirect' }
  | { readonly kind: 'somebody'; readonly token: string; readonly isTicket: boolean; readonly namesUser: boolean }
  | { readonly kind: 'misconfigured' }
  /** PHP that nobody ran. */
  | { readonly kind: 'source' }
  | { readonly kind: 'html' }
  | { readonly kind: 'not json' }
  | { readonly kind: 'status' };

const redirects = [301, 302, 303, 307, 308];
const jsonType = /^application\/([\w.-]+\+)?json\b/i;
/** `t1.<key>.<base64url>` */
const ticket = /^t1\.[A-Za-z0-9_-]{1,32}\.[A-Za-z0-9_-]+$/;

/** Escaped, in a page about PHP, it is written otherwise. */
const isPhpSource = ({ body }: Reply): boolean => /<\?php\b|^\s*<\?[=\s]/i.test(body);

export const isRedirect = (status: number): boolean => redirects.includes(status);
const hasType = ({ headers }: Reply, type: RegExp): boolean => type.test(headers['content-type'] ?? '');
export const isJson = (reply: Reply): boolean => hasType(reply, jsonType);

/** @param mode in `status` nothing but the status counts */
export function read(reply: Reply, mode?: SessionMode): Said {
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

function readIdentity(value: unknown): Said {
  if (typeof value === 'string' && value !== '') return somebody(value, false);
  if (typeof value !== 'object' || value === null || !('sessionId' in value)) return { kind: 'nobody', how: 'json' };
  if (typeof value.sessionId !== 'string') return { kind: 'nobody', how: 'json' };
  return somebody(value.sessionId, 'userId' in value && typeof value.userId === 'string');
}

function somebody(token: string, namesUser: boolean): Said {
  return { kind: 'somebody', token, isTicket: ticket.test(token), namesUser };
}
