import { isUserId } from './identity.ts';
import type { ApiRequest, RequestFault } from './request-signature.ts';
import type { Revocation } from './revoke.ts';

/** The part of a request that says whom it is about; API Gateway has other requests answered 404 already. */
const form = /^\/apps\/([^/]+)\/(users|sessions)\/([^/]+)\/terminate_connections$/;
/**
 * What a path holds unescaped (https://www.rfc-editor.org/rfc/rfc3986#section-3.3). API Gateway hands paths on unescaped, so
 * how another character was written, and with it what was signed, cannot be known any more.
 */
const plainPath = /^[A-Za-z0-9\-._~!$&'()*+,;=:@/]*$/;
const hash = /^[0-9a-f]{64}$/;
/** Bytes, as for one of Pusher's events. */
const maxBody = 10_240;

/** What can be told before the signature: whether this app is meant, and whether there is anything to verify. */
export function findRequestFault({ method, path, body }: ApiRequest, appId: string): RequestFault | undefined {
  if (!plainPath.test(path)) return bad('The path has a character that must be escaped there.');
  const found = form.exec(path);
  if (method !== 'POST' || found === null) return { status: 404, sentence: 'There is nothing at this path.' };
  if (found[1] !== appId) return { status: 404, sentence: 'There is no app with this id here.' };
  if (body.length > maxBody)
    return { status: 413, sentence: `The body exceeds the allowed maximum (${maxBody} bytes).` };
  return undefined;
}

/** Reads a request that was found to be signed. */
export function readTermination({ path, body }: ApiRequest): Revocation | RequestFault {
  const [, , kind, name = ''] = form.exec(path) ?? [];
  if (kind === 'users') return isUserId(name) ? { userId: name } : bad('A user id has 1 to 128 characters.');
  if (!hash.test(name)) return bad('A session is named by its hash, 64 hex digits.');
  const userId = readUserId(body);
  if (userId === null) return bad('The body is a JSON object, and user_id in it is a string of 1 to 128 characters.');
  return { sessionHash: name, userId };
}

/** Null for what cannot be one. */
function readUserId(body: Buffer): string | undefined | null {
  if (body.length === 0) return undefined;
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
    const userId = 'user_id' in value ? value.user_id : undefined;
    return userId === undefined || isUserId(userId) ? userId : null;
  } catch {
    return null;
  }
}

function bad(sentence: string): RequestFault {
  return { status: 400, sentence };
}
