import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSameSessionId, parseSessionToken, principalOf } from '../../../functions/core/handshake/session.ts';
import { anyText } from '../../fakes/any-text.ts';

const refused = expect.objectContaining({ refused: 'malformed-token', code: 4009 });

describe('the shape of a session id', () => {
  it.each([
    ["32 hex digits, PHP's own default", '0123456789abcdef0123456789abcdef'],
    ["26 characters of 5 bits, Debian's php.ini", '0123456789abcdefghijklmnop'],
    ['6 bits a character, with comma and dash', 'aZ09,-aZ09,-aZ09,-aZ09,-'],
    ['a prefix of session_create_id', 'user-42-0123456789abcdef0123456789abcdef'],
    ['the shortest that PHP makes', 'a'.repeat(22)],
    ['the longest that fits a file name', 'a'.repeat(250)],
  ])('accepts %s', (_, token) => {
    expect(parseSessionToken([token])).toBe(token);
  });

  it.each([
    ['one too short', 'a'.repeat(21)],
    ['one too long', 'a'.repeat(251)],
    ['64 KB of it', 'a'.repeat(65_536)],
    ['empty', ''],
    ['a second cookie', 'aaaaaaaaaaaaaaaaaaaaaa; admin=1'],
    ['CR LF', 'aaaaaaaaaaaaaaaaaaaaaa\r\nX-Admin: 1'],
    ['a newline at the end, which $ of a lax pattern would let through', `${'a'.repeat(22)}\n`],
    ['the letters of an escaped CR LF', `${'a'.repeat(22)}%0d%0a`],
    ['NUL', `${'a'.repeat(22)}\0`],
    ['a blank', `${'a'.repeat(22)} a`],
    ['a tab', `${'a'.repeat(22)}\ta`],
    ['an equals sign', `${'a'.repeat(22)}=a`],
    ['a path', '../../../../../etc/passwd'],
    ['quotes', `"${'a'.repeat(22)}"`],
    ['an umlaut', `${'a'.repeat(22)}ä`],
    ['letters that only look like ASCII', 'а'.repeat(22)],
    ['digits of another script', '٣'.repeat(22)],
    ['a lone surrogate', `${'a'.repeat(22)}\ud800`],
  ])('refuses %s', (_, token) => {
    expect(parseSessionToken([token])).toEqual(refused);
  });

  it.each([
    ['none', []],
    ['two, even when they are equal', ['a'.repeat(22), 'a'.repeat(22)]],
    ['an array, which would stringify to something of the right shape', [['aaaaaaaaaaa', 'aaaaaaaaaaa']]],
    ['a number', [1234567890123456789012n]],
    ['null', [null]],
    ['undefined', [undefined]],
    ['an object with a method of its own', [{ toString: () => 'a'.repeat(22) }]],
  ])('refuses %s where one string is wanted', (_, values) => {
    expect(parseSessionToken(values)).toEqual(refused);
  });

  it('lets nothing through that would need escaping but the comma', () => {
    fc.assert(
      fc.property(anyText, (token) => {
        const parsed = parseSessionToken([token]);
        if (typeof parsed === 'string') expect(encodeURIComponent(parsed).replaceAll('%2C', ',')).toBe(token);
      }),
    );
  });
});

describe('comparing ids', () => {
  it('tells equal from different, whatever the lengths', () => {
    expect(isSameSessionId('abc', 'abc')).toBe(true);
    for (const other of ['abd', 'ab', 'abcd', 'ABC', '', 'abc\0', 'äbc']) {
      expect(isSameSessionId(other, 'abc'), other).toBe(false);
    }
  });
});

describe('the principal', () => {
  it('is the user when PHP names one, else the session by its hash', () => {
    expect(principalOf({ sessionId: 's', userId: '42' }, 'hash')).toBe('user:42');
    expect(principalOf({ sessionId: 's' }, 'hash')).toBe('session:hash');
  });

  it('cannot be made to look like a session by the name of a user', () => {
    expect(principalOf({ sessionId: 's', userId: 'session:hash' }, 'other')).toBe('user:session:hash');
  });
});
