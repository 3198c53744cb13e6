import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { PusherCredentials } from '../keys/credentials.ts';
import {
  type ApiRequest,
  type ApiTarget,
  type RequestFault,
  readQuery,
  readTarget,
  unescapePath,
} from './api-request.ts';

/** A request with its path as it was signed, and what that path names. */
export interface VerifiedRequest {
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
): VerifiedRequest | RequestFault {
  const asked = readTarget(request, credentials.appId);
  if ('status' in asked) return asked;
  const paths = asked.route === 'terminate_user' ? spellingsOf(request.path) : [request.path];
  for (const path of paths) {
    const spelled = { ...request, path };
    const outcome = checkSignature(spelled, credentials, now);
    if (outcome === 'signed') {
      const target = readTarget(spelled, credentials.appId);
      return 'status' in target ? target : { request: spelled, target };
    }
    if (outcome.mayBeNewer !== true) return outcome;
  }
  const also = paths.length === 1 ? '' : ' Or the user id was signed in another spelling: name it in the body.';
  return badSignature(`The signature does not fit: the secrets differ.${also}`, { mayBeNewer: true });
}

/**
 * How a path may have been spelled when it was signed. Pusher's libraries sign a user id as it is, and their HTTP clients escape
 * it; API Gateway hands the path on decoded, as captures show, but promises neither. So the signature is tried over the path as
 * it came, decoded, and escaped in the two ways that are common, and whatever else was signed does not fit.
 */
function spellingsOf(path: string): readonly string[] {
  const escaped = path.split('/').map(encodeURIComponent).join('/');
  return [...new Set([path, unescapePath(path), escaped, escaped.replaceAll(/[!'()*]/g, escapeOne)])];
}

/** As PHP's rawurlencode() does. */
function escapeOne(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

/** Seconds by which the clocks may differ, and for which a copy of a request is good as well: Pusher's number. */
const signatureTolerance = 600;

/**
 * Pusher's signature: HMAC-SHA256, in hex, over method, path and sorted query
 * (https://pusher.com/docs/channels/library_auth_reference/rest-api/#authentication). Its clients sign values before they
 * are escaped, so one value with `&` in it reads like two. That joins parameters and never invents one, and `auth_version`,
 * which is compared whole, stands before `body_md5`: no body can lose its hash that way.
 * @param now epoch seconds
 */
export function checkSignature(
  request: ApiRequest,
  credentials: PusherCredentials,
  now: number,
): 'signed' | RequestFault {
  const parameters = readQuery(request.query);
  const signature = parameters.get('auth_signature') ?? '';
  const time = parameters.get('auth_timestamp') ?? '';
  if (!/^[0-9a-f]{64}$/.test(signature)) return fault('auth_signature is missing or not 64 hex digits.');
  if (parameters.get('auth_version') !== '1.0') return fault('auth_version is not 1.0.');
  if (!/^\d{1,12}$/.test(time)) return fault('auth_timestamp is not in epoch seconds.');
  if (parameters.get('auth_key') !== credentials.key) return fault('auth_key is not the key of this app.');

  const secrets = [credentials.secret, credentials.previousSecret].filter((secret) => secret !== undefined);
  const text = stringToSign(request, parameters);
  // All of them, so that the time does not tell which one fits.
  const fits = secrets.map((secret) => isSame(sign(secret, text), signature));
  if (!fits.includes(true))
    return badSignature('The signature does not fit: the secrets differ.', { mayBeNewer: true });

  if (Math.abs(now - Number(time)) > signatureTolerance) {
    return badSignature(`auth_timestamp is more than ${signatureTolerance} seconds off: a clock is wrong.`);
  }
  const md5 = parameters.get('body_md5');
  const hasHash = md5 !== undefined || request.body.length > 0;
  if (hasHash && md5 !== createHash('md5').update(request.body).digest('hex')) {
    return badSignature('body_md5 is not the MD5 of the body.');
  }
  return 'signed';
}

function stringToSign({ method, path }: ApiRequest, parameters: ReadonlyMap<string, string>): string {
  const signed = [...parameters].filter(([name]) => name !== 'auth_signature').sort(([a], [b]) => (a < b ? -1 : 1));
  return [method, path, signed.map(([name, value]) => `${name}=${value}`).join('&')].join('\n');
}

function sign(secret: string, text: string): string {
  return createHmac('sha256', secret).update(text).digest('hex');
}

/** Both are 64 characters long. */
function isSame(a: string, b: string): boolean {
  return timingSafeEqual(Buffer.from(a), Buffer.from(b));
}

function badSignature(sentence: string, { mayBeNewer = false } = {}): RequestFault {
  return { ...fault(sentence), isBadSignature: true, mayBeNewer };
}

function fault(sentence: string): RequestFault {
  return { status: 401, sentence };
}
