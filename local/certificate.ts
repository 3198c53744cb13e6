import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';

/** What a TLS server on this machine shows, and the file that makes a Node process trust it. */
export interface Certificate {
  readonly key: string;
  readonly cert: string;
  /** For NODE_EXTRA_CA_CERTS. Only the certificate; the key is never written anywhere. */
  readonly file: string;
  remove(): Promise<void>;
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
  const folder = await mkdtemp(join(tmpdir(), 'session-socket-certificate-'));
  const file = join(folder, 'local-cloud.pem');
  await writeFile(file, made.cert);
  return { key: made.private, cert: made.cert, file, remove: () => rm(folder, { recursive: true, force: true }) };
}
