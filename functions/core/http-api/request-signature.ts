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

/** A request with its signed path, and the target of that path. */
export interface VerifiedRequest {
  readonly request: ApiRequest;
  readonly target: ApiTarget;
}

/**
 * Verifies a request. A path may spell a user id in several ways. Only the signed spelling counts, so a copy with
 * another spelling means the same.
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
  const hint = paths.length === 1 ? '' : ' Or the user id was signed in another spelling: send it in the body.';
  return badSignature(`${wrongSecret}${hint}`, { mayBeNewer: true });
}

/**
 * Spellings of a path that may have been signed. Pusher's libraries sign a raw user id, and their HTTP clients escape
 * it. Captures show that API Gateway decodes the path, but it documents neither. So the signature is tried over the
 * path as received, decoded, and escaped in the two common ways.
 */
function spellingsOf(path: string): readonly string[] {
  const escaped = path.split('/').map(encodeURIComponent).join('/');
  return [...new Set([path, unescapePath(path), escaped, escaped.replaceAll(/[!'()*]/g, escapeOne)])];
}

/** As PHP's rawurlencode() does. */
function escapeOne(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

const wrongSecret = 'The signature is wrong: PHP and the gateway have different secrets.';

/** Seconds by which the clocks may differ, and for which a copy of a request stays valid. Pusher has the same. */
const signatureTolerance = 600;

/**
 * Pusher's signature: HMAC-SHA256, in hex, over method, path and sorted query
 * (https://pusher.com/docs/channels/library_auth_reference/rest-api/#authentication). Its clients sign values before
 * they are escaped, so one value with `&` in it looks like two. That can join parameters, but not invent one.
 * `auth_version` comes before `body_md5` and is compared as a whole, so a body cannot lose its hash that way.
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
  if (parameters.get('auth_version') !== '1.0') return fault('auth_version must be 1.0.');
  if (!/^\d{1,12}$/.test(time)) return fault('auth_timestamp must be in epoch seconds.');
  if (parameters.get('auth_key') !== credentials.key) return fault('auth_key is not the key of this app.');

  const secrets = [credentials.secret, credentials.previousSecret].filter((secret) => secret !== undefined);
  const text = stringToSign(request, parameters);
  // All secrets are tried, so that the time does not reveal which one matches.
  const matches = secrets.map((secret) => isSame(sign(secret, text), signature));
  if (!matches.includes(true)) return badSignature(wrongSecret, { mayBeNewer: true });

  if (Math.abs(now - Number(time)) > signatureTolerance) {
    return badSignature(`auth_timestamp differs by more than ${signatureTolerance} seconds. Check the clocks.`);
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
