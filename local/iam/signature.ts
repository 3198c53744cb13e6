import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** An AWS request as it arrived, with what its signature covers. */
export interface SignedRequest {
  readonly method: string;
  /** Path and query, as sent. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Buffer;
}

/** An Authorization header of Signature Version 4, taken apart. */
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
 * @returns why it is incomplete, as AWS says it, when it is
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
  // As text: to read hexadecimals, Node stops where there are no more of them, whatever follows.
  const wanted = Buffer.from(hmac(signingKey, stringToSign).toString('hex'));
  const given = Buffer.from(value);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

export function deriveSigningKey(secret: string, { day, region, service, terminator }: Signature): Buffer {
  return [day, region, service, terminator].reduce<Buffer>(hmac, Buffer.from(`AWS4${secret}`));
}

/** The body's own hash is taken whatever the client says of it: UNSIGNED-PAYLOAD is for Amazon S3 alone. */
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

/** Normalized, and encoded once more than it was sent, as for every service but Amazon S3. */
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
  const pairs = query.split('&').map((pair) => splitOnce(pair, '=').map((part) => encode(decode(part))));
  // By name, then by value, as bytes.
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

/** What is no encoding stands for itself: the signature will not fit, and that is all there is to say. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function hmac(key: Buffer, data: string): Buffer {
  return createHmac('sha256', key).update(data).digest();
}

function sha256(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}
