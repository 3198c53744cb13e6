import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { request } from 'node:http';
import { SignatureV4 } from '@smithy/signature-v4';

export interface AccessKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface WireAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** A signed request with the path exactly as it is given: neither the SDK nor `fetch` would leave it alone. */
export async function signedFetch(
  credentials: AccessKey | undefined,
  url: string,
  { method = 'GET', body = '' }: { readonly method?: string; readonly body?: string } = {},
): Promise<WireAnswer> {
  const { origin, hostname, port } = new URL(url);
  const path = url.slice(origin.length);
  const unsigned = { method, protocol: 'http:', hostname, port: Number(port), path, query: {}, body };
  const headers = { host: `${hostname}:${port}`, 'content-type': 'application/octet-stream' };
  const signer = (keys: AccessKey) =>
    new SignatureV4({ credentials: keys, region: 'us-east-1', service: 'execute-api', sha256: Sha256 });
  const signed =
    credentials === undefined ? headers : (await signer(credentials).sign({ ...unsigned, headers })).headers;
  return new Promise((resolve, reject) => {
    const outgoing = request({ hostname, port, method, path, headers: signed, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
        }),
      );
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** The hash that the SDK's signer needs. */
export class Sha256 {
  readonly #hash: Hash | Hmac;

  constructor(key?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = key === undefined ? createHash('sha256') : createHmac('sha256', key as string | Uint8Array);
  }

  update(data: string | Uint8Array): void {
    this.#hash.update(data);
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }

  reset(): void {}
}
