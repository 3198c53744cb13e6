import { createHash, createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ApiRequest } from '../../../functions/core/http-api/api-request.ts';
import { checkSignature } from '../../../functions/core/http-api/request-signature.ts';
import { anyText } from '../../fakes/any-text.ts';
import { signQuery } from '../../fakes/signed-request.ts';

const credentials = { appId: '1001', key: 'app-key', secret: 'app-secret' };
const now = 1_795_439_164;

function signed(changes: Partial<ApiRequest> = {}, by: Parameters<typeof signQuery>[1] = {}): ApiRequest {
  const request = {
    method: 'POST',
    path: '/apps/1001/users/42/terminate_connections',
    body: Buffer.from('{}'),
    ...changes,
  };
  return { ...request, query: signQuery(request, { ...credentials, time: now, ...by }) };
}
const check = (request: ApiRequest, given: object = credentials, at = now) =>
  checkSignature(request, { ...credentials, ...given }, at);

describe('a signature of a request is accepted', () => {
  // From Pusher's documentation, and captured from its Node and PHP libraries. The hash replaces their bodies:
  // https://pusher.com/docs/channels/library_auth_reference/rest-api/#worked-authentication-example
  it('as in Pusher’s documentation', () => {
    const query =
      'auth_key=278d425bdf160c739803&auth_timestamp=1353088179&auth_version=1.0&' +
      'body_md5=ec365a775a4cd0599faeb73354201b6f&' +
      'auth_signature=da454824c97ba181a32ccc17a72625ba02771f50b50e1e7430e47a1f3f457e6c';
    const body = Buffer.from('{"name":"foo","channels":["project-3"],"data":"{\\"some\\":\\"data\\"}"}');
    const theirs = { key: '278d425bdf160c739803', secret: '7ad3773142a6692b25b8' };
    expect(check({ method: 'POST', path: '/apps/3/events', query, body }, theirs, 1_353_088_179)).toBe('signed');
  });

  it.each([
    [
      'npm pusher 5.3.4',
      'auth_key=app-key&auth_timestamp=1795439164&auth_version=1.0&body_md5=2f836217705a2d11463ba897075e8cd1&auth_signature=604dbca65d10cdcd1a3457826f151f57ed11e6422c0808a15a80eecd6727e158',
      '{"name":"my-event","data":"{\\"hello\\":\\"wörld/1\\"}","channels":["my-channel"],"socket_id":"123.456"}',
    ],
    [
      'pusher-http-php 7.2.6',
      'auth_key=app-key&auth_timestamp=1795439163&auth_version=1.0&body_md5=ba35c6e9f843d38551db440183c32f51&auth_signature=31dee6905b43e0ad92fffdd7c8a15b0c0798e711a6ca7ef70d69df598a67ad40',
      '{"name":"my-event","data":"{\\"hello\\":\\"w\\\\u00f6rld\\\\\\/1\\"}","channel":"my-channel","socket_id":"123.456"}',
    ],
  ])('as %s makes it, byte for byte', (_, query, text) => {
    const body = Buffer.from(text);
    expect(check({ method: 'POST', path: '/apps/1001/events', query, body })).toBe('signed');
  });

  it('with a comma in a value, escaped or not, over the comma itself', () => {
    const query =
      'auth_key=app-key&auth_timestamp=1795439163&auth_version=1.0&info=user_count%2Csubscription_count&' +
      'auth_signature=16d89be27ce13943441291bc2cbcddf0e53d9bcc588501366355229359ca9937';
    for (const sent of [
      query,
      query.replace('%2C', ','),
      query.replace('info=user_count%2C', 'info[0]=user_count&info[1]='),
    ]) {
      const request = { method: 'GET', path: '/apps/1001/channels/presence-a', query: sent, body: Buffer.alloc(0) };
      expect(check(request)).toBe('signed');
    }
  });

  it('with either of two secrets', () => {
    const rotating = { secret: 'the next one', previousSecret: credentials.secret };
    expect(check(signed(), rotating)).toBe('signed');
    expect(check(signed({}, { secret: 'the next one' }), rotating)).toBe('signed');
    expect(check(signed({}, { secret: 'neither' }), rotating)).toMatchObject({ status: 401, mayBeNewer: true });
  });

  it('within ten minutes, in both directions', () => {
    for (const seconds of [-600, 600]) expect(check(signed(), {}, now + seconds)).toBe('signed');
    for (const seconds of [-601, 601]) expect(check(signed(), {}, now + seconds)).toMatchObject({ status: 401 });
  });

  it('without a hash of the body when there is no body', () => {
    expect(check(signed({ body: Buffer.alloc(0) }))).toBe('signed');
  });
});

describe('a request is rejected with 401', () => {
  const good = signed();
  const without = (name: string) => good.query.replace(new RegExp(`&?${name}=[^&]*`), '');

  it.each(['auth_key', 'auth_timestamp', 'auth_version', 'auth_signature', 'body_md5'])('without %s', (name) => {
    expect(check({ ...good, query: without(name) })).toMatchObject({ status: 401 });
  });

  it.each([
    ['another method', { method: 'GET' }],
    ['another path', { path: '/apps/1001/users/43/terminate_connections' }],
    ['another body', { body: Buffer.from('{"a":1}') }],
    ['no body', { body: Buffer.alloc(0) }],
    ['one more parameter', { query: `${good.query}&more=1` }],
    ['a parameter that comes twice', { query: `${good.query}&auth_key=app-key` }],
  ])('for %s than the signed one', (_, changes) => {
    expect(check({ ...good, ...changes })).toMatchObject({ status: 401 });
  });

  it('with another key or version, even if the signature is right', () => {
    expect(check(signed({}, { key: 'another' }))).toMatchObject({ status: 401 });
    expect(check(signed({}, { version: '2.0' }))).toMatchObject({ status: 401 });
  });

  it('for a body whose hash was folded into another parameter', () => {
    const { query } = good;
    const folded = query.replace('auth_version=1.0&body_md5=', 'auth_version=1.0%26body_md5%3D');
    expect(folded).not.toBe(query);
    expect(check({ ...good, query: folded, body: Buffer.from('{"user_id":"43"}') })).toMatchObject({ status: 401 });
  });

  it('for a signed hash that is not the hash of the body', () => {
    const md5 = createHash('md5').update('{"a":1}').digest('hex');
    const text = `POST\n${good.path}\nauth_key=app-key&auth_timestamp=${now}&auth_version=1.0&body_md5=${md5}`;
    const signature = createHmac('sha256', credentials.secret).update(text).digest('hex');
    const query = `${text.split('\n')[2]}&auth_signature=${signature}`;
    expect(check({ ...good, query })).toMatchObject({ status: 401, sentence: expect.stringContaining('MD5') });
  });

  it('in a sentence without the secret or the signature', () => {
    const fault = check(signed({}, { secret: 'neither' }));
    expect(JSON.stringify(fault)).not.toMatch(/app-secret|[0-9a-f]{32}/);
  });

  it('for any unsigned query, without an exception', () => {
    fc.assert(
      fc.property(anyText, (query) => {
        expect(check({ ...good, query })).toMatchObject({ status: 401 });
      }),
    );
  });
});
