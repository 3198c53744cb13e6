import { SignatureV4 } from '@smithy/signature-v4';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSigner, type SigningScope, signPost, type UnsignedRequest } from '../../functions/edge/sigv4.ts';
import { Sha256 } from '../assemblies/signed-fetch.ts';

const credentials = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  sessionToken: 'IQoJb3JpZ2luX2VjEA==',
};
const userCredentials = { ...credentials, sessionToken: undefined };
const region = 'eu-central-1';
const now = Date.parse('2026-11-20T01:02:03.456Z');

/** The same request as the SDK would sign it. */
async function signedBySdk(
  request: Omit<UnsignedRequest, 'body'> & { readonly body: string | Uint8Array | undefined },
  scope: SigningScope,
  time: number,
) {
  const { sessionToken, ...keys } = scope.credentials;
  const identity = sessionToken === undefined ? keys : { ...keys, sessionToken };
  const { host, service } = scope;
  const signer = new SignatureV4({ credentials: identity, region, service, sha256: Sha256, applyChecksum: false });
  const { method, path, headers, body } = request;
  const [hostname = '', port] = host.split(':');
  const place = {
    protocol: 'https:',
    hostname,
    path,
    query: {},
    ...(port === undefined ? {} : { port: Number(port) }),
  };
  const unsigned = { method, ...place, headers: { ...headers, host }, body };
  const { host: _, ...signed } = (await signer.sign(unsigned, { signingDate: new Date(time) })).headers;
  return signed;
}

describe('a question to Secrets Manager', () => {
  const secretsManager: SigningScope = {
    host: 'secretsmanager.eu-central-1.amazonaws.com',
    region,
    service: 'secretsmanager',
    credentials,
  };
  type Question = Omit<UnsignedRequest, 'body'> & { readonly body: string };
  const question: Question = {
    method: 'POST',
    path: '/',
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'secretsmanager.GetSecretValue' },
    body: '{"SecretId":"arn:aws:secretsmanager:eu-central-1:123456789012:secret:x"}',
  };

  const signedByUs = ({ path, headers, body }: Question, scope: SigningScope, at = now) => ({
    ...headers,
    ...signPost(scope, path, headers, body, at),
  });

  it.each([
    ['with the session token that a Lambda has', question, secretsManager],
    ['with the keys of a user', question, { ...secretsManager, credentials: userCredentials }],
    ['to another port', question, { ...secretsManager, host: '127.0.0.1:4566' }],
    ['with a body that is not ASCII', { ...question, body: '{"SecretId":"schlüssel €"}' }, secretsManager],
    ['with blanks around a header', { ...question, headers: { 'x-amz-b': ' b ', 'x-amz-a': 'a' } }, secretsManager],
  ])("is signed %s as by AWS's own SDK", async (_, request, scope) => {
    expect(signedByUs(request, scope)).toEqual(await signedBySdk(request, scope, now));
  });

  it("is signed as by AWS's own SDK, whatever the body, the secret and the time", async () => {
    const time = fc.integer({ min: 1_577_836_800_000, max: 2_208_988_800_000 });
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme' }), fc.string(), time, async (body, secretAccessKey, at) => {
        const request = { ...question, body };
        const scope = { ...secretsManager, credentials: { ...userCredentials, secretAccessKey } };
        expect(signedByUs(request, scope, at)).toEqual(await signedBySdk(request, scope, at));
      }),
      { numRuns: 30 },
    );
  });
});

describe('a post to a socket', () => {
  const connectionsApi: SigningScope = {
    host: 'abc123.execute-api.eu-central-1.amazonaws.com',
    region,
    service: 'execute-api',
    credentials,
  };
  const contentType = { 'content-type': 'application/octet-stream' };
  const post = (connectionId: string, body: Uint8Array = Buffer.from('{"event":"x"}')): UnsignedRequest => ({
    method: 'POST',
    path: `/live/@connections/${connectionId}`,
    headers: contentType,
    body,
  });
  const close = { ...post('L0SM9cOFvHcCIhw%3D'), method: 'DELETE', headers: {}, body: undefined };

  it.each([
    ['is', post('L0SM9cOFvHcCIhw%3D'), credentials],
    ['to an escaped @ is', { ...post(''), path: '/live/%40connections/L0SM9cOFvHcCIhw%3D' }, credentials],
    ['without a stage is', { ...post(''), path: '/@connections/L0SM9cOFvHcCIhw%3D' }, credentials],
    ['of nothing is', post('L0SM9cOFvHcCIhw%3D', new Uint8Array(0)), credentials],
    ['is, and a DELETE too,', close, credentials],
    ['with the keys of a user is', post('L0SM9cOFvHcCIhw%3D'), userCredentials],
    ['with headers of AWS is', { ...post('x'), headers: { 'x-amz-user-agent': 'b', ...contentType } }, credentials],
  ])("%s signed as by AWS's own SDK", async (_, request, keys) => {
    const scope = { ...connectionsApi, credentials: keys };
    expect({ ...request.headers, ...createSigner(scope)(request, now) }).toEqual(
      await signedBySdk(request, scope, now),
    );
  });

  it("is signed as by AWS's own SDK, whatever the id, the frame, the keys and the time", async () => {
    const id = fc.oneof(fc.string({ unit: 'grapheme' }), fc.stringMatching(/^[@%/=+!'()*~ A-Za-z0-9-]+$/));
    const time = fc.integer({ min: 1_577_836_800_000, max: 2_208_988_800_000 });
    await fc.assert(
      fc.asyncProperty(fc.array(id), fc.string(), fc.string(), time, async (ids, frame, secretAccessKey, at) => {
        const body = Buffer.from(frame);
        const scope = { ...connectionsApi, credentials: { ...credentials, secretAccessKey } };
        // One for all, so that what it remembers of one request meets the next.
        const sign = createSigner(scope);
        // Two in one second, then one later, then one before.
        for (const later of [0, 1, 86_400_000, 0]) {
          for (const each of ids.map(encodeURIComponent).filter((text) => !/^\.*$/.test(text))) {
            const request = post(each, body);
            const signed = { ...contentType, ...sign(request, at + later) };
            expect(signed).toEqual(await signedBySdk(request, scope, at + later));
          }
        }
      }),
      { numRuns: 25 },
    );
  });

  it('does not sign headers that may change on the way', () => {
    const sign = createSigner(connectionsApi);
    const named = sign({ ...post('x'), headers: { ...contentType, 'user-agent': 'somebody' } }, now);
    expect(named).toEqual(sign(post('x'), now));
  });
});
