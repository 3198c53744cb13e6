import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseIdentity } from '../../../functions/core/handshake/identity.ts';
import type { Fields } from '../../../functions/core/json.ts';

function faultOf(value: Fields): string | undefined {
  const parsed = parseIdentity(value);
  return 'fault' in parsed ? parsed.fault : undefined;
}

describe('the identity that PHP answers', () => {
  it.each<[string, Fields]>([
    ['nothing', {}],
    ['an id', { userId: '42' }],
    ['an id of another kind', { userId: 'ann@example.com €' }],
    ['an object', { userInfo: { name: 'Ann', tags: ['a'] } }],
    ['the largest object', { userInfo: { a: 'x'.repeat(2040) } }],
    ['channels of a session', { channels: ['private-orders-42', 'private-*', 'private-encrypted-x'] }],
    ['channels of a user', { userId: '42', channels: ['presence-room-*'] }],
    ['no channels', { channels: [] }],
    ['as many channels as there may be', { channels: Array(100).fill('private-x') }],
    ['the longest channel', { channels: [`private-${'x'.repeat(156)}`] }],
    ['the end of the session', { expiresAt: 1790000000 }],
  ])('is accepted unchanged: %s', (_, identity) => {
    expect(parseIdentity(identity)).toEqual(identity);
  });

  // json_encode() writes an unset variable as null, and every empty array as [].
  it('treats null as absent, and [] as an object without fields', () => {
    const nothing = { userId: null, userInfo: null, channels: null, expiresAt: null };
    expect(parseIdentity(nothing)).toEqual({});
    expect(parseIdentity({ ...nothing, userId: '42', userInfo: [] })).toEqual({ userId: '42', userInfo: {} });
  });

  it('is rebuilt without unknown fields', () => {
    expect(parseIdentity({ userId: '42', sessionId: 'x', isAdmin: true, jti: 'x' })).toEqual({ userId: '42' });
  });
});

describe('an invalid identity is a fault, because the user would be a guess:', () => {
  const wrong = (field: string, ...values: readonly unknown[]) => values.map((value) => [field, value] as const);

  it.each([
    ...wrong('userId', 42, '', ['42'], {}, true, 'x'.repeat(129), 'a\nb', 'a\0', 'a\u0085b', '\ud800'),
    ...wrong('userInfo', 'Ann', [42], 42, { a: 'x'.repeat(2041) }, { a: '€'.repeat(700) }),
    ...wrong('channels', 'private-x', {}, [42], ['orders'], ['public-*'], ['private-a*b'], ['private-x*y*'], ['*']),
    ...wrong(
      'channels',
      ['private-ä'],
      ['private-x y'],
      ['Private-x'],
      [`private-${'x'.repeat(157)}`],
      ['private-x\n'],
    ),
    ...wrong('channels', Array(101).fill('private-x'), ['presence-room']),
    ...wrong('expiresAt', '1790000000', 0, -1, 1.5, 1790000000000, Number.NaN, 2 ** 53),
  ])('%s: %j', (field, value) => {
    expect(faultOf({ [field]: value })).toContain(field.replace('expiresAt', 'epoch seconds'));
  });

  it('the fault does not quote the identity', () => {
    fc.assert(
      fc.property(fc.record({ userId: fc.anything(), userInfo: fc.anything(), channels: fc.anything() }), (value) => {
        const fault = faultOf(value);
        if (fault !== undefined) expect(fault).toMatch(/^(a userId|a userInfo|channels|presence) [\w ,*.-]+$/);
      }),
    );
  });
});
