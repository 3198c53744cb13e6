import { expect, it } from 'vitest';
import { deriveCredentials, deriveKey, hashSessionId } from '../../../functions/core/keys/credentials.ts';
import vectors from '../../recorded/vectors.json' with { type: 'json' };

const { derivedKeysHex, sessionHash } = vectors;
const credentials = deriveCredentials(vectors.credentials);

it.each(['request', 'session', 'ticket', 'at-rest'] as const)(
  'derives the key for %s byte for byte as PHP does',
  (purpose) => {
    expect(deriveKey(credentials.secret, purpose).toString('hex')).toBe(derivedKeysHex[purpose]);
  },
);

it('hashes a session id as PHP does', () => {
  expect(hashSessionId(credentials, sessionHash.sessionId)).toBe(sessionHash.hash);
});

it('gives another secret other keys, hashes and signatures', () => {
  const other = deriveCredentials({ ...vectors.credentials, secret: 'another secret' });
  expect(other.derived.request).not.toEqual(credentials.derived.request);
  expect(hashSessionId(other, sessionHash.sessionId)).not.toBe(sessionHash.hash);
});
