import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { decodeUri } from '../http/input.ts';

/** In the form of the AWS SDKs. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Only for a role's session. */
  readonly sessionToken?: string;
}

/** Credentials in the form of Lambda's. New at each start, so that nobody can guess them. */
export function newSessionCredentials(): Required<Credentials> {
  return { ...newKeys('ASIA'), sessionToken: `IQoJb3JpZ2luX2Vj${randomBytes(48).toString('base64')}` };
}

/** Credentials in the form of a user's. */
export function newUserCredentials(): Credentials {
  return newKeys('AKIA');
}

function newKeys(prefix: 'ASIA' | 'AKIA'): Credentials {
  return {
    accessKeyId: `${prefix}${randomBytes(8).toString('hex').toUpperCase()}`,
    secretAccessKey: randomBytes(30).toString('base64'),
  };
}

/** An AWS request with all signed parts. */
export interface SignedRequest {
  readonly method: string;
  /** Path and query, as sent. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Buffer;
}

/** A parsed Authorization header of Signature Version 4. */
export interface Signature {
  readonly accessKeyId: string;
  readonly day: string;
  readonly region: string;
  readonly service: string;
  readonly terminator: string;
  /** Lower-case names. */
  readonly signedHeaders: readonly string[];
  /** Hexadecimal. */
  readonly value: string;
}

/**
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 * @returns AWS's error message if the header is incomplete
 */
export function readSignature(authorization: string): Signature | string {
  const [algorithm = '', rest = ''] = splitOnce(authorization.trim(), ' ');
  if (algorithm !== 'AWS4-HMAC-SHA256') return `Unsupported AWS 'algorithm': '${algorithm}'.`;
  const parts = new Map(rest.split(',').map((part) => splitOnce(part.trim(), '=')));
  const missing = ['Credential', 'Signature', 'SignedHeaders'].filter((name) => (parts.get(name) ?? '') === '');
  if (missing.length > 0) {
    return missing.map((name) => `Authorization header requires '${name}' parameter.`).join(' ');
  }
  const credential = (parts.get('Credential') ?? '').split('/');
  const [accessKeyId = '', day = '', region = '', service = '', terminator = ''] = credential;
  if (credential.length !== 5) {
    return 'Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term.';
  }
  const signedHeaders = (parts.get('SignedHeaders') ?? '').toLowerCase().split(';');
  return { accessKeyId, day, region, service, terminator, signedHeaders, value: parts.get('Signature') ?? '' };
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

/** @param date of the request, `20261123T164500Z` */
export function isSignedWith(
  signingKey: Buffer,
  { day, region, service, terminator, signedHeaders, value }: Signature,
  date: string,
  request: SignedRequest,
): boolean {
  const scope = `${day}/${region}/${service}/${terminator}`;
  const stringToSign = `AWS4-HMAC-SHA256\n${date}\n${scope}\n${sha256(canonicalRequest(request, signedHeaders))}`;
  // Compared as text, because Node's hex parser ignores everything after the first invalid character.
  const wanted = Buffer.from(hmac(signingKey, stringToSign).toString('hex'));
  const given = Buffer.from(value);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

export function deriveSigningKey(secret: string, { day, region, service, terminator }: Signature): Buffer {
  return [day, region, service, terminator].reduce<Buffer>(hmac, Buffer.from(`AWS4${secret}`));
}

/** Always uses the body's real hash: UNSIGNED-PAYLOAD is only for Amazon S3. */
function canonicalRequest({ method, url, headers, body }: SignedRequest, signedHeaders: readonly string[]): string {
  const [path, query] = splitOnce(url, '?');
  const signedValue = (name: string) => canonicalValue(Object.hasOwn(headers, name) ? headers[name] : undefined);
  const lines = signedHeaders.map((name) => `${name}:${signedValue(name)}\n`).join('');
  return `${method}\n${canonicalPath(path)}\n${canonicalQuery(query)}\n${lines}\n${signedHeaders.join(';')}\n${sha256(body)}`;
}

function canonicalValue(value: string | readonly string[] | undefined = ''): string {
  const values: readonly string[] = typeof value === 'string' ? [value] : value;
  return values.map((each) => each.trim().replace(/\s+/g, ' ')).join(',');
}

/** Normalized and encoded once more, as for every service except Amazon S3. */
function canonicalPath(path: string): string {
  const segments: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') segments.pop();
    else if (segment !== '' && segment !== '.') segments.push(segment);
  }
  const end = segments.length > 0 && path.endsWith('/') ? '/' : '';
  return `/${segments.map(encode).join('/')}${end}`;
}

function canonicalQuery(query: string): string {
  if (query === '') return '';
  const pairs = query.split('&').map((pair) => splitOnce(pair, '=').map((part) => encode(decodeUri(part))));
  // Sorted by name, then by value, as bytes.
  return pairs
    .sort(([one = '', first = ''], [other = '', second = '']) => compare(one, other) || compare(first, second))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

function compare(one: string, other: string): number {
  return one === other ? 0 : one < other ? -1 : 1;
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function hmac(key: Buffer, data: string): Buffer {
  return createHmac('sha256', key).update(data).digest();
}

function sha256(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}
