import { expect, it } from 'vitest';
import {
  deriveCredentials,
  deriveKey,
  hashSessionId,
  isSignedNo,
  signRequest,
} from '../../../functions/core/keys/credentials.ts';
import vectors from '../../recorded/vectors.json' with { type: 'json' };

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

it('signs the address and the user agent that PHP saw, where it says them', () => {
  const { headers, header } = vectors.requestSignatureWithAddressAndAgent;
  const { pathAndQuery, t, cookieHeader } = requestSignature;
  const request = { method: 'GET', pathAndQuery, time: t, cookieHeader } as const;
  const [address, agent] = [headers['X-Session-Socket-Address'], headers['X-Session-Socket-Agent']];
  expect(signRequest(credentials, { ...request, address, agent })).toBe(header);
  const signatures = [{}, { address }, { agent }, { address: agent }].map((browser) =>
    signRequest(credentials, { ...request, ...browser }),
  );
  expect(new Set(signatures)).toHaveLength(4);
});

it('knows the no of PHP to this very request, and no other', () => {
  const { header } = requestSignature;
  const no = vectors.answerNo.header.replace('X-Session-Socket-Answer: ', '');
  expect(isSignedNo(credentials, header, no)).toBe(true);
  expect(isSignedNo(credentials, header.replace(/.$/, '0'), no)).toBe(false);
  for (const other of ['', 'no', 'no,s=', `${no} `, no.toUpperCase(), no.replace('no', 'on'), no.replace(/.$/, 'e')]) {
    expect(isSignedNo(credentials, header, other), other).toBe(false);
  }
  const stranger = deriveCredentials({ ...vectors.credentials, secret: 'another secret' });
  expect(isSignedNo(stranger, header, no)).toBe(false);
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
