import { createHash, createHmac } from 'node:crypto';

interface Signer {
  readonly key: string;
  readonly secret: string;
  /** Epoch seconds. */
  readonly time: number;
  readonly version: string;
  /** Further parameters, sorted after those of the signature, with raw values. */
  readonly others: string;
}

interface Unsigned {
  readonly method: string;
  readonly path: string;
  readonly body: Buffer;
}

/** A second, short implementation of Pusher's signature, to compare ours with. */
export function signQuery({ method, path, body }: Unsigned, signer: Partial<Signer>): string {
  const { key = '', secret = '', time = Math.floor(Date.now() / 1000), version = '1.0', others = '' } = signer;
  const md5 = body.length === 0 ? '' : `&body_md5=${createHash('md5').update(body).digest('hex')}`;
  const query = `auth_key=${key}&auth_timestamp=${time}&auth_version=${version}${md5}${others && `&${others}`}`;
  const signature = createHmac('sha256', secret).update(`${method}\n${path}\n${query}`).digest('hex');
  return `${query}&auth_signature=${signature}`;
}
