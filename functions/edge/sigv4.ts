import { createHmac, hash } from 'node:crypto';

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | undefined;
}

export interface SigningScope {
  /** With the port, where the URL has one. */
  readonly host: string;
  readonly region: string;
  readonly service: string;
  readonly credentials: AwsCredentials;
}

/** Names in lower case. */
export type HttpHeaders = Readonly<Record<string, string>>;

/** `x-amz-date`, `authorization` and, where there is one, `x-amz-security-token`: they go out with the request's own. */
export type SignatureHeaders = HttpHeaders;

/**
 * AWS Signature Version 4 for one POST (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html).
 * Our own, because an SDK client would cost the authorizer 300 KB and 50 ms of every cold start.
 * @param path without a query, and without what would have to be escaped
 * @param headers all of them are signed
 * @param now epoch milliseconds
 */
export function signPost(
  scope: SigningScope,
  path: string,
  headers: HttpHeaders,
  body: string,
  now: number,
): SignatureHeaders {
  return prepareSignature(scope, headers, now)('POST', path, hash('sha256', body));
}

export interface UnsignedRequest {
  readonly method: string;
  /** As it goes over the wire, without a query. */
  readonly path: string;
  /** The same object again, in the same second, is not looked at again. */
  readonly headers: HttpHeaders;
  readonly body: Uint8Array | undefined;
}

/** @param now epoch milliseconds */
export type Signer = (request: UnsignedRequest, now: number) => SignatureHeaders;

/**
 * The same for many requests to one host: what they share is computed once. The key and the date last a second, and the hash of
 * a body as long as the body, which is why nobody may change one after it was signed.
 */
export function createSigner(scope: SigningScope): Signer {
  const hashes = new WeakMap<Uint8Array, string>();
  let prepared:
    | { readonly second: number; readonly headers: HttpHeaders; readonly sign: PreparedSignature }
    | undefined;

  return ({ method, path, headers, body }, now) => {
    const second = Math.floor(now / 1000);
    if (prepared?.second !== second || prepared.headers !== headers) {
      const signed = Object.fromEntries(Object.entries(headers).filter(([name]) => isSigned(name)));
      prepared = { second, headers, sign: prepareSignature(scope, signed, now) };
    }
    // Escaped once more than on the wire, as everywhere but in S3.
    return prepared.sign(method, escapeAll(path).replaceAll('%2F', '/'), hashOf(body));
  };

  function hashOf(body: Uint8Array | undefined): string {
    if (body === undefined) return hash('sha256', '');
    const known = hashes.get(body);
    if (known !== undefined) return known;
    const computed = hash('sha256', body);
    hashes.set(body, computed);
    return computed;
  }
}

/** What AWS asks for, and no more: others, like `user-agent`, may change on the way. */
function isSigned(name: string): boolean {
  return name === 'content-type' || name.startsWith('x-amz-');
}

/** As RFC 3986 has it, which AWS signs by: JavaScript's own leaves five characters more as they are. */
export function escapeAll(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`);
}

type PreparedSignature = (method: string, escapedPath: string, bodyHash: string) => SignatureHeaders;

/** All that requests of one second with the same headers have in common. */
function prepareSignature(
  { host, region, service, credentials }: SigningScope,
  headers: HttpHeaders,
  now: number,
): PreparedSignature {
  const date = new Date(now).toISOString().replace(/[-:]|\.\d{3}/g, '');
  const scope = `${date.slice(0, 8)}/${region}/${service}/aws4_request`;
  const { sessionToken } = credentials;
  const added: Record<string, string> = { 'x-amz-date': date };
  if (sessionToken !== undefined) added['x-amz-security-token'] = sessionToken;
  const signed: HttpHeaders = { ...headers, ...added, host };
  const names = Object.keys(signed).sort();
  const canonicalHeaders = names.map((name) => `${name}:${signed[name]?.trim()}\n`).join('');
  const signedHeaders = names.join(';');
  const key = scope.split('/').reduce<string | Buffer>(hmac, `AWS4${credentials.secretAccessKey}`);
  const authorization = `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${signedHeaders}, Signature=`;

  return (method, escapedPath, bodyHash) => {
    const request = [method, escapedPath, '', canonicalHeaders, signedHeaders, bodyHash].join('\n');
    const signature = hmac(key, ['AWS4-HMAC-SHA256', date, scope, hash('sha256', request)].join('\n'));
    return { ...added, authorization: authorization + signature.toString('hex') };
  };
}

function hmac(key: string | Buffer, data: string): Buffer {
  return createHmac('sha256', key).update(data).digest();
}
