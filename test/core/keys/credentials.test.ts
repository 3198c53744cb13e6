import { expect, it } from 'vitest';
import { deriveCredentials, deriveKey, hashSessionId } from '../../../functions/core/keys/credentials.ts';
import vectors from '../../recorded/vectors.json' with { type: 'json' };

const { derivedKeysHex, sessionHash } = vectors;
const credentials = deriveCredentials(vectors.credentials);

it.each(['request', 'session', 'ticket', 'at-rest'] as const)(
  "the key for %s equals PHP's, byte for byte",
  (purpose) => {
    expect(deriveKey(credentials.secret, purpose).toString('hex')).toBe(derivedKeysHex[purpose]);
  },
);

it("the hash of a session id equals PHP's", () => {
  expect(hashSessionId(credentials, sessionHash.sessionId)).toBe(sessionHash.hash);
});

it('another secret gives other keys, hashes and signatures', () => {
  const other = deriveCredentials({ ...vectors.credentials, secret: 'another secret' });
  expect(other.derived.request).not.toEqual(credentials.derived.request);
  expect(hashSessionId(other, sessionHash.sessionId)).not.toBe(sessionHash.hash);
});
