import { isUserId } from '../handshake/identity.ts';
import { fieldsIn } from '../json.ts';
import type { Rebind } from '../sessions/rebind.ts';
import { type ApiRequest, badRequest, type RequestFault } from './api-request.ts';
import type { ApiTarget } from './routes.ts';

const hash = /^[0-9a-f]{64}$/;

/** Reads a request that was found to be signed. */
export function readRebind({ name }: ApiTarget, { body }: ApiRequest): Rebind | RequestFault {
  if (!hash.test(name)) return badRequest('A session is named by its hash, 64 hex digits.');
  const { ticket, user_id: userId } = fieldsIn(body.toString('utf8')) ?? {};
  if (typeof ticket !== 'string') return badRequest('The body is a JSON object, and ticket in it is a string.');
  if (userId !== undefined && !isUserId(userId)) return badRequest('user_id is a string of 1 to 128 characters.');
  return { sessionHash: name, userId, ticket };
}
