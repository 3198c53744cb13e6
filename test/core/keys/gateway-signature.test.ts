import { expect, it } from 'vitest';
import { deriveCredentials } from '../../../functions/core/keys/credentials.ts';
import { isSignedNo, signRequest } from '../../../functions/core/keys/gateway-signature.ts';
import vectors from '../../recorded/vectors.json' with { type: 'json' };

const { requestSignature } = vectors;
const credentials = deriveCredentials(vectors.credentials);

it('the gateway signs its question as PHP verifies it', () => {
  const { pathAndQuery, t, cookieHeader, header } = requestSignature;
  expect(signRequest(credentials, { method: 'GET', pathAndQuery, time: t, cookieHeader })).toBe(header);
});

it('the gateway signs the address and the user agent if the request has them', () => {
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

it('the gateway accepts a signed no only for the request that it answers', () => {
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

it('the signature changes with the path, the query, the time and the cookie', () => {
  const request = { method: 'GET', pathAndQuery: '/id?a=1', time: 1790000000, cookieHeader: 'PHPSESSID=a' } as const;
  const signatures = [
    request,
    { ...request, pathAndQuery: '/id?a=2' },
    { ...request, time: 1790000001 },
    { ...request, cookieHeader: 'PHPSESSID=b' },
  ].map((each) => signRequest(credentials, each).split(',s=')[1]);
  expect(new Set(signatures)).toHaveLength(4);
});
