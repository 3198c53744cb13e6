import { generate } from 'selfsigned';

/** What a TLS server on this machine shows. PEM, never written to a file. */
export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

/** New at each start, for this machine and the given names; nobody trusts it who was not told to. */
export async function createCertificate(hosts: readonly string[]): Promise<Certificate> {
  const names = ['localhost', ...hosts].map((value) => ({ type: 2 as const, value }));
  const made = await generate([{ name: 'commonName', value: 'the local cloud' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'subjectAltName', altNames: [...names, { type: 7, ip: '127.0.0.1' }] },
    ],
  });
  return { key: made.private, cert: made.cert };
}
