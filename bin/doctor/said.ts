import { parseJson } from '../../functions/core/fields.ts';
import type { Reply } from './ask.ts';

/** What an answer says about whose session it is. */
export type Said =
  | { readonly kind: 'nobody'; readonly how: 'status' | 'json' }
  | { readonly kind: 'redirect' }
  | { readonly kind: 'somebody'; readonly token: string; readonly isTicket: boolean; readonly namesUser: boolean }
  | { readonly kind: 'misconfigured' }
  | { readonly kind: 'html' }
  | { readonly kind: 'not json' }
  | { readonly kind: 'status' };

const redirects = [301, 302, 303, 307, 308];
const jsonType = /^application\/([\w.-]+\+)?json\b/i;
/** `t1.<key>.<base64url>` */
const ticket = /^t1\.[A-Za-z0-9_-]{1,32}\.[A-Za-z0-9_-]+$/;

export const isRedirect = (status: number): boolean => redirects.includes(status);
export const isJson = ({ headers }: Reply): boolean => jsonType.test(headers['content-type'] ?? '');

export function read(reply: Reply): Said {
  const { status, body } = reply;
  if (status === 401 || status === 403) return { kind: 'nobody', how: 'status' };
  if (isRedirect(status)) return { kind: 'redirect' };
  if (status === 421) return { kind: 'misconfigured' };
  if (status !== 200) return { kind: 'status' };
  if (/^\s*<(!doctype|html)/i.test(body)) return { kind: 'html' };
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
