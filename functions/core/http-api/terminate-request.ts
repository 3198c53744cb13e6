import { isUserId } from '../handshake/identity.ts';
import { fieldsIn } from '../json.ts';
import type { Revocation } from '../sessions/revoke.ts';
import { type ApiRequest, badRequest, type RequestFault } from './api-request.ts';
import { unescapePath } from './path-spellings.ts';
import type { ApiTarget } from './routes.ts';

const hash = /^[0-9a-f]{64}$/;

/**
 * Reads a request that was found to be signed. A user is named by the body, which carries every id, else by the path. Where
 * escapes were signed there, they may be the app's or part of the id, so both are closed.
 */
export function readTermination(
  { route, name }: ApiTarget,
  { body }: ApiRequest,
): readonly Revocation[] | RequestFault {
  const userId = readUserId(body);
  if (userId === null)
    return badRequest('The body is a JSON object, and user_id in it is a string of 1 to 128 characters.');
  if (route === 'terminate_user') {
    const names = userId === undefined ? [...new Set([name, unescapePath(name)])] : [userId];
    if (!names.every(isUserId)) return badRequest('A user id has 1 to 128 characters.');
    return names.map((each) => ({ userId: each }));
  }
  if (!hash.test(name)) return badRequest('A session is named by its hash, 64 hex digits.');
  return [{ sessionHash: name, userId }];
}

/** Null for what cannot be one. */
function readUserId(body: Buffer): string | undefined | null {
  if (body.length === 0) return undefined;
  const fields = fieldsIn(body.toString('utf8'));
  if (fields === undefined) return null;
  const { user_id: userId } = fields;
  return userId === undefined || isUserId(userId) ? userId : null;
}
