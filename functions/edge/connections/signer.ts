import { createHmac, hash } from 'node:crypto';
import type { AwsCredentials } from '../sigv4.ts';
import { escapeAll } from './escape.ts';

export interface Signable {
  readonly method: string;
  /** As it goes over the wire. */
  readonly path: string;
  /** Lower-case names. What is in the same object again is not looked at again for as long as the second lasts. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | undefined;
}

/** What goes out with the request's own: `x-amz-date`, `authorization` and, where there is one, `x-amz-security-token`. */
export type SignatureHeaders = Readonly<Record<string, string>>;

export type Signer = (request: Signable, credentials: AwsCredentials, now: number) => SignatureHeaders;

/** All that one second and one pair of keys have in common. */
interface Stamp {
  readonly second: number;
  readonly credentials: AwsCredentials;
  readonly date: string;
  readonly scope: string;
  readonly key: Buffer;
  readonly headers: SignatureHeaders;
  /** The last headers that were signed in it, in their canonical form. */
  prepared?: Prepared;
}

interface Prepared {
  readonly of: Signable['headers'];
  readonly canonical: string;
  readonly credential: string;
}

const service = 'execute-api';
const hashOfNothing = hash('sha256', '');

/**
 * AWS Signature Version 4 for many requests to one host: what they share is computed once. The keys last a day, the date a
 * second, and the hash of a body as long as the body, which is why nobody may change one after it was signed.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function createSigner(host: string, region: string): Signer {
  const hashes = new WeakMap<Uint8Array, string>();
  let stamp: Stamp | undefined;

  return (request, credentials, now) => {
    const current = stampFor(credentials, now);
    if (current.prepared?.of !== request.headers) current.prepared = prepare(request.headers, current);
    const { date, scope, key, headers, prepared } = current;
    const path = escapePath(request.path);
    const canonical = `${request.method}\n${path}\n\n${prepared.canonical}\n${hashOf(request.body)}`;
    const signature = sign(key, `AWS4-HMAC-SHA256\n${date}\n${scope}\n${hash('sha256', canonical)}`);
    return { ...headers, authorization: prepared.credential + signature.toString('hex') };
  };

  function prepare(own: Signable['headers'], { headers, credentials, scope }: Stamp): Prepared {
    const signed: Record<string, string> = { ...own, host, ...headers };
    const names = Object.keys(signed).filter(isSigned).sort();
    const lines = names.map((name) => `${name}:${signed[name]}\n`).join('');
    const list = names.join(';');
    const credential = `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${list}, Signature=`;
    return { of: own, canonical: `${lines}\n${list}`, credential };
  }

  function stampFor(credentials: AwsCredentials, now: number): Stamp {
    const second = Math.floor(now / 1000);
    if (stamp?.second === second && stamp.credentials === credentials) return stamp;
    const date = new Date(second * 1000).toISOString().replace(/[-:]|\.\d{3}/g, '');
    const scope = `${date.slice(0, 8)}/${region}/${service}/aws4_request`;
    const isSameDay = stamp?.scope === scope && stamp.credentials === credentials;
    const key = stamp !== undefined && isSameDay ? stamp.key : keyFor(credentials, scope);
    const { sessionToken } = credentials;
    const headers = {
      'x-amz-date': date,
      ...(sessionToken === undefined ? {} : { 'x-amz-security-token': sessionToken }),
    };
    stamp = { second, credentials, date, scope, key, headers };
    return stamp;
  }

  function hashOf(body: Uint8Array | undefined): string {
    if (body === undefined) return hashOfNothing;
    const known = hashes.get(body);
    if (known !== undefined) return known;
    const computed = hash('sha256', body);
    hashes.set(body, computed);
    return computed;
  }
}

/** What AWS asks for, and no more: others, like `user-agent`, may change on the way. */
function isSigned(name: string): boolean {
  return name === 'host' || name === 'content-type' || name.startsWith('x-amz-');
}

/** Escaped once more than on the wire, as everywhere but in S3. */
function escapePath(path: string): string {
  return escapeAll(path).replaceAll('%2F', '/');
}

function keyFor({ secretAccessKey }: AwsCredentials, scope: string): Buffer {
  return scope.split('/').reduce<Buffer>(sign, Buffer.from(`AWS4${secretAccessKey}`));
}

function sign(key: Buffer, data: string): Buffer {
  return createHmac('sha256', key).update(data).digest();
}
