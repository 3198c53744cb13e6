import { describe, expect, it } from 'vitest';
import { deriveCredentials } from '../../../functions/core/keys/credentials.ts';
import { createSocketSignatures } from '../../../functions/core/keys/socket-signature.ts';
import { signForSocket } from '../../fakes/socket-auth.ts';

/** Pusher's own example: https://pusher.com/docs/channels/library_auth_reference/auth-signatures/ */
const shared = { appId: '3', key: '278d425bdf160c739803', secret: '7ad3773142a6692b25b8' };
const socket = '1234.1234';

function scene({ fresh = {}, previousSecret }: { fresh?: object; previousSecret?: string } = {}) {
  const kept = deriveCredentials({ ...shared, previousSecret });
  const newer = Object.keys(fresh).length === 0 ? kept : deriveCredentials({ ...shared, ...fresh });
  let asked = 0;
  const isSigned = createSocketSignatures(async (maxAgeMs) => {
    asked += 1;
    return maxAgeMs === undefined ? kept : newer;
  });
  return { isSigned, asked: () => asked };
}

describe('a signature for a socket is accepted', () => {
  // Both Pusher's Node and PHP libraries compute this value.
  it.each([
    ['a private channel', ':private-foobar', '58df8b0c36d6982b82c3ecf6b4662e34fe8c25bba48f5369f135bf843651c3a4'],
    [
      'a member whose id is a number',
      ':presence-foobar:{"user_id":10,"user_info":{"name":"Mr. Channels"}}',
      '31935e7d86dba64c2a90aed31fdc61869f9b22ba9d8863bba239c03ca481bc80',
    ],
    [
      'a member as PHP writes it',
      ':presence-foobar:{"user_id":"10","user_info":{"url":"http:\\/\\/\\u00e9"}}',
      '6b8eb32a51f42b45a1a6e74229723c191a9deac6097e44ffdad84a2d416dab0d',
    ],
    [
      'an encrypted channel',
      ':private-encrypted-foobar',
      'e6a18892d037c5d5e76a2265df4f086ffc38631605530dfd214aa5bff495f533',
    ],
    ['a user', '::user::{"id":"12345"}', '4708d583dada6a56435fb8bc611c77c359a31eebde13337c16ab43aa6de336ba'],
  ])('of %s, as Pusher’s libraries make it', async (_, text, signature) => {
    expect(await scene().isSigned(`${shared.key}:${signature}`, socket + text)).toBe(true);
  });

  it('if the previous secret made it, during a rotation', async () => {
    const { isSigned } = scene({ previousSecret: 'before' });
    const auth = signForSocket({ ...shared, secret: 'before' }, socket, 'private-x');
    expect(await isSigned(auth, `${socket}:private-x`)).toBe(true);
  });

  it('if a newer secret than the cached one made it', async () => {
    const { isSigned } = scene({ fresh: { secret: 'next' } });
    const auth = signForSocket({ ...shared, secret: 'next' }, socket, 'private-x');
    expect(await isSigned(auth, `${socket}:private-x`)).toBe(true);
  });
});

describe('a signature for a socket is rejected', () => {
  const good = signForSocket(shared, socket, 'private-x');
  it.each([
    ['for another socket', good, '1234.1235:private-x'],
    ['for another channel', good, `${socket}:private-y`],
    ['for other data', good, `${socket}:private-x:{}`],
    ['with another key', good.replace(shared.key, 'other'), `${socket}:private-x`],
    ['without a key', good.split(':')[1] ?? '', `${socket}:private-x`],
    ['with something behind it', `${good}:x`, `${socket}:private-x`],
    ['in capitals', good.toUpperCase(), `${socket}:private-x`],
    ['cut off', good.slice(0, -1), `${socket}:private-x`],
    ['that is none', '', `${socket}:private-x`],
    ['of another secret', signForSocket({ ...shared, secret: 'other' }, socket, 'private-x'), `${socket}:private-x`],
  ])('%s', async (_, auth, text) => {
    expect(await scene().isSigned(auth, text)).toBe(false);
  });

  it('without fetching the secret if it is malformed, nor a newer one if it has another key', async () => {
    const { isSigned, asked } = scene();
    await isSigned('nonsense', 'x');
    expect(asked()).toBe(0);
    await isSigned(good.replace(shared.key, 'other'), `${socket}:private-x`);
    expect(asked()).toBe(1);
  });
});
