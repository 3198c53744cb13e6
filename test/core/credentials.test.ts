import { expect, it } from 'vitest';
import { deriveCredentials, deriveKey, hashSessionId, signRequest } from '../../functions/core/credentials.ts';
import vectors from '../recorded/vectors.json' with { type: 'json' };

const { derivedKeysHex, requestSignature, sessionHash } = vectors;
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

it('signs its question as PHP will verify it', () => {
  const { pathAndQuery, t, cookieHeader, header } = requestSignature;
  expect(signRequest(credentials, { method: 'GET', pathAndQuery, time: t, cookieHeader })).toBe(header);
});

it('vouches for the path with its query, the time and the cookie, each by itself', () => {
  const request = { method: 'GET', pathAndQuery: '/id?a=1', time: 1790000000, cookieHeader: 'PHPSESSID=a' } as const;
  const signatures = [
    request,
    { ...request, pathAndQuery: '/id?a=2' },
    { ...request, time: 1790000001 },
    { ...request, cookieHeader: 'PHPSESSID=b' },
  ].map((each) => signRequest(credentials, each).split(',s=')[1]);
  expect(new Set(signatures)).toHaveLength(4);
});

it('gives another secret other keys, hashes and signatures', () => {
  const other = deriveCredentials({ ...vectors.credentials, secret: 'another secret' });
  expect(other.derived.request).not.toEqual(credentials.derived.request);
  expect(hashSessionId(other, sessionHash.sessionId)).not.toBe(sessionHash.hash);
});
