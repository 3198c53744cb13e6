import { SignatureV4 } from '@smithy/signature-v4';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createSigner, type Signable } from '../../functions/edge/connections/signer.ts';
import type { AwsCredentials } from '../../functions/edge/sigv4.ts';
import { Sha256 } from '../assemblies/signed-fetch.ts';

const host = 'abc123.execute-api.eu-central-1.amazonaws.com';
const region = 'eu-central-1';
const credentials: AwsCredentials = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  sessionToken: 'IQoJb3JpZ2luX2VjEA==',
};
const now = Date.parse('2026-11-20T01:02:03.456Z');
const contentType = { 'content-type': 'application/octet-stream' };

/** The same request as the SDK would sign it. */
async function signedBySdk(request: Signable, { sessionToken, ...keys }: AwsCredentials, time: number) {
  const identity = sessionToken === undefined ? keys : { ...keys, sessionToken };
  const service = 'execute-api';
  const signer = new SignatureV4({ credentials: identity, region, service, sha256: Sha256, applyChecksum: false });
  const { method, path, headers, body } = request;
  const place = { protocol: 'https:', hostname: host, path, query: {} };
  const unsigned = { method, ...place, headers: { ...headers, host }, body };
  const { host: _, ...signed } = (await signer.sign(unsigned, { signingDate: new Date(time) })).headers;
  return signed;
}

function post(connectionId: string, body: Uint8Array = Buffer.from('{"event":"x"}')): Signable {
  return { method: 'POST', path: `/live/@connections/${connectionId}`, headers: contentType, body };
}

it.each([
  ['a POST', post('L0SM9cOFvHcCIhw%3D'), credentials],
  ['a POST to an escaped @', { ...post(''), path: '/live/%40connections/L0SM9cOFvHcCIhw%3D' }, credentials],
  ['a POST without a stage', { ...post(''), path: '/@connections/L0SM9cOFvHcCIhw%3D' }, credentials],
  ['a POST of nothing', post('L0SM9cOFvHcCIhw%3D', new Uint8Array(0)), credentials],
  ['a DELETE', { ...post('L0SM9cOFvHcCIhw%3D'), method: 'DELETE', headers: {}, body: undefined }, credentials],
  ['with the keys of a user', post('L0SM9cOFvHcCIhw%3D'), { ...credentials, sessionToken: undefined }],
  ['with headers of AWS', { ...post('x'), headers: { 'x-amz-user-agent': 'b', ...contentType } }, credentials],
])("signs %s as AWS's own SDK does", async (_, request, keys) => {
  const signed = { ...request.headers, ...createSigner(host, region)(request, keys, now) };
  expect(signed).toEqual(await signedBySdk(request, keys, now));
});

it("signs as AWS's own SDK does, whatever the id, the frame, the keys and the time", async () => {
  const id = fc.oneof(fc.string({ unit: 'grapheme' }), fc.stringMatching(/^[@%/=+!'()*~ A-Za-z0-9-]+$/));
  const time = fc.integer({ min: 1_577_836_800_000, max: 2_208_988_800_000 });
  // One for all, so that what it remembers of one request meets the next.
  const sign = createSigner(host, region);
  await fc.assert(
    fc.asyncProperty(fc.array(id), fc.string(), fc.string(), time, async (ids, frame, secretAccessKey, at) => {
      const body = Buffer.from(frame);
      const keys = { ...credentials, secretAccessKey };
      // Two in one second, then one later.
      for (const later of [0, 1, 86_400_000]) {
        for (const each of ids.map(encodeURIComponent).filter((text) => !/^\.*$/.test(text))) {
          const request = post(each, body);
          const signed = { ...contentType, ...sign(request, keys, at + later) };
          expect(signed).toEqual(await signedBySdk(request, keys, at + later));
        }
      }
    }),
    { numRuns: 25 },
  );
});

it('does not sign what may change on the way', () => {
  const sign = createSigner(host, region);
  const plain = sign(post('x'), credentials, now);
  const named = sign({ ...post('x'), headers: { ...contentType, 'user-agent': 'somebody' } }, credentials, now);
  expect(named).toEqual(plain);
});
