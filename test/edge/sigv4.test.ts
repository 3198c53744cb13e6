import { SignatureV4 } from '@smithy/signature-v4';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type AwsCredentials, signPost, type UnsignedPost } from '../../functions/edge/sigv4.ts';
import { Sha256 } from '../assemblies/signed-fetch.ts';

const credentials: AwsCredentials = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  sessionToken: undefined,
};
const request: UnsignedPost = {
  url: new URL('https://secretsmanager.eu-central-1.amazonaws.com'),
  headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'secretsmanager.GetSecretValue' },
  body: '{"SecretId":"arn:aws:secretsmanager:eu-central-1:123456789012:secret:x"}',
  region: 'eu-central-1',
  service: 'secretsmanager',
};

/** The same request as the SDK would sign it. */
async function signedBySdk(post: UnsignedPost, { sessionToken, ...keys }: AwsCredentials, now: Date) {
  const identity = sessionToken === undefined ? keys : { ...keys, sessionToken };
  const { region, service, url, headers, body } = post;
  const signer = new SignatureV4({ credentials: identity, region, service, sha256: Sha256, applyChecksum: false });
  const { hostname, port, pathname: path, protocol } = url;
  const place = { protocol, hostname, path, ...(port === '' ? {} : { port: Number(port) }) };
  const unsigned = { method: 'POST', ...place, query: {}, headers: { ...headers, host: url.host }, body };
  return (await signer.sign(unsigned, { signingDate: now })).headers;
}

it.each([
  ['with the keys of a user', request, credentials],
  ['with the session token that a Lambda has', request, { ...credentials, sessionToken: 'IQoJb3JpZ2luX2VjEA==' }],
  ['to another port', { ...request, url: new URL('http://127.0.0.1:4566/') }, credentials],
  ['with a body that is not ASCII', { ...request, body: '{"SecretId":"schlüssel €"}' }, credentials],
  ['with blanks around a header', { ...request, headers: { 'x-b': ' b ', 'x-a': 'a' } }, credentials],
])("signs a request %s as AWS's own SDK does", async (_, post, keys) => {
  const now = new Date('2026-11-20T01:02:03.456Z');
  expect(signPost(post, keys, now)).toEqual(await signedBySdk(post, keys, now));
});

it("signs as AWS's own SDK does, whatever the body, the secret and the time", async () => {
  const time = fc.date({ min: new Date('2020-01-01'), max: new Date('2040-01-01'), noInvalidDate: true });
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'grapheme' }), fc.string(), time, async (body, secretAccessKey, now) => {
      const [post, keys] = [
        { ...request, body },
        { ...credentials, secretAccessKey },
      ];
      expect(signPost(post, keys, now)).toEqual(await signedBySdk(post, keys, now));
    }),
    { numRuns: 30 },
  );
});
