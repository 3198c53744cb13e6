import { isUserId } from '../handshake/identity.ts';
import { fieldsIn } from '../json.ts';
import type { Rebind } from '../sessions/rebind.ts';
import type { Revocation } from '../sessions/revoke.ts';
import { badRequest, type RequestFault, unescapePath } from './api-request.ts';

const hash = /^[0-9a-f]{64}$/;

/**
 * `POST /users/{user_id}/terminate_connections`. The body names the user, because it can contain any id; without a
 * body, the path does. Signed escapes in a path may come from the app or be part of the id, so the sockets of both
 * users are closed.
 */
export function readUserTermination(name: string, body: Buffer): readonly Revocation[] | RequestFault {
  const userId = readUserId(body);
  if (userId === null) return noUserId;
  const names = userId === undefined ? [...new Set([name, unescapePath(name)])] : [userId];
  if (!names.every(isUserId)) return badRequest('A user id has 1 to 128 characters.');
  return names.map((each) => ({ userId: each }));
}

/** `POST /sessions/{session_hash}/terminate_connections`. */
export function readSessionTermination(name: string, body: Buffer): readonly Revocation[] | RequestFault {
  const userId = readUserId(body);
  if (userId === null) return noUserId;
  if (!hash.test(name)) return noHash;
  return [{ sessionHash: name, userId }];
}

/** `POST /sessions/{session_hash}/rebind`. */
export function readRebind(name: string, body: Buffer): Rebind | RequestFault {
  if (!hash.test(name)) return noHash;
  const { ticket, user_id: userId } = fieldsIn(body.toString('utf8')) ?? {};
  if (typeof ticket !== 'string') return badRequest('The body must be a JSON object with ticket, a string.');
  if (userId !== undefined && !isUserId(userId)) return badRequest('user_id must be a string of 1 to 128 characters.');
  return { sessionHash: name, userId, ticket };
}

/** Undefined without a user id, and null when it is invalid. */
function readUserId(body: Buffer): string | undefined | null {
  if (body.length === 0) return undefined;
  const fields = fieldsIn(body.toString('utf8'));
  if (fields === undefined) return null;
  const { user_id: userId } = fields;
  return userId === undefined || isUserId(userId) ? userId : null;
}

const noUserId = badRequest('The body must be a JSON object with user_id, a string of 1 to 128 characters.');
const noHash = badRequest('The path must contain the hash of the session: 64 hex digits.');
