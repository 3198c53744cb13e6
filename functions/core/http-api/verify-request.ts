import type { PusherCredentials } from '../keys/credentials.ts';
import type { ApiRequest, RequestFault } from './api-request.ts';
import { spellingsOf } from './path-spellings.ts';
import { badSignature, checkSignature } from './request-signature.ts';
import { type ApiTarget, findTarget } from './routes.ts';

/** A request with its path as it was signed, and what that path names. */
export interface SignedRequest {
  readonly request: ApiRequest;
  readonly target: ApiTarget;
}

/**
 * A user id may be spelled in several ways on its way here. The request means what was signed, and not what came: whoever sends a
 * copy with another spelling changes nothing.
 * @param now epoch seconds
 */
export function verifyRequest(
  request: ApiRequest,
  credentials: PusherCredentials,
  now: number,
): SignedRequest | RequestFault {
  const asked = findTarget(request, credentials.appId);
  if ('status' in asked) return asked;
  const paths = asked.route === 'terminate_user' ? spellingsOf(request.path) : [request.path];
  for (const path of paths) {
    const spelled = { ...request, path };
    const outcome = checkSignature(spelled, credentials, now);
    if (outcome === 'signed') {
      const target = findTarget(spelled, credentials.appId);
      return 'status' in target ? target : { request: spelled, target };
    }
    if (outcome.mayBeNewer !== true) return outcome;
  }
  const also = paths.length === 1 ? '' : ' Or the user id was signed in another spelling: name it in the body.';
  return badSignature(`The signature does not fit: the secrets differ.${also}`, { mayBeNewer: true });
}
