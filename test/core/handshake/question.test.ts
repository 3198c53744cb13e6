import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  openAtRest,
  pickCookies,
  type Question,
  readSessionId,
  sealAtRest,
} from '../../../functions/core/handshake/question.ts';
import { deriveCredentials } from '../../../functions/core/keys/credentials.ts';
import { isRefusal } from '../../../functions/core/refusal.ts';
import { anyText } from '../../fakes/any-text.ts';

const malformed = expect.objectContaining({ refused: 'malformed-token', code: 4009 });

describe('the form of a session id', () => {
  it.each([
    ["32 hex digits, PHP's own default", '0123456789abcdef0123456789abcdef'],
    ["26 characters of 5 bits, Debian's php.ini", '0123456789abcdefghijklmnop'],
    ['6 bits a character, with comma and dash', 'aZ09,-aZ09,-aZ09,-aZ09,-'],
    ['a prefix of session_create_id', 'user-42-0123456789abcdef0123456789abcdef'],
    ['the shortest that PHP makes', 'a'.repeat(22)],
    ['the longest that fits a file name', 'a'.repeat(250)],
  ])('accepts %s', (_, token) => {
    expect(readSessionId([token], 'SID')).toEqual({
      cookieHeader: `SID=${encodeURIComponent(token)}`,
      sessionId: token,
    });
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
    ['a path', '../../../../../../etc/passwd'],
    ['quotes', `"${'a'.repeat(22)}"`],
    ['an umlaut', `${'a'.repeat(22)}ä`],
    ['letters that only look like ASCII', 'а'.repeat(22)],
    ['digits of another script', '٣'.repeat(22)],
    ['a lone surrogate', `${'a'.repeat(22)}\ud800`],
  ])('refuses %s', (_, token) => {
    expect(readSessionId([token], 'SID')).toEqual(malformed);
  });

  it.each([
    ['none', []],
    ['two, even when they are equal', ['a'.repeat(22), 'a'.repeat(22)]],
    ['an array, which would stringify to something of the right shape', [['aaaaaaaaaaa', 'aaaaaaaaaaa']]],
    ['a number', [1234567890123456789012n]],
    ['null', [null]],
    ['undefined', [undefined]],
    ['an object with a method of its own', [{ toString: () => 'a'.repeat(22) }]],
  ])('refuses %s instead of one string', (_, values) => {
    expect(readSessionId(values, 'SID')).toEqual(malformed);
  });

  it('allows no character that needs escaping except the comma', () => {
    fc.assert(
      fc.property(anyText, (token) => {
        const parsed = readSessionId([token], 'SID');
        if (!isRefusal(parsed)) expect(parsed.cookieHeader.replaceAll('%2C', ',')).toBe(`SID=${token}`);
      }),
    );
  });
});

const names = ['PHPSESSID', 'wordpress_logged_in_*'];
function pick(...headers: string[]): string {
  const picked = pickCookies(headers, names);
  return isRefusal(picked) ? picked.refused : picked.cookieHeader;
}

describe('the cookies of a handshake', () => {
  it.each([
    ['the one that is named', 'theme=dark; PHPSESSID=abc; _ga=1', 'PHPSESSID=abc'],
    ['those that begin as named', 'wordpress_logged_in_f00=a%7Cb; wp=1', 'wordpress_logged_in_f00=a%7Cb'],
    [
      'several, in the order of the browser',
      'wordpress_logged_in_1=b; x=y; PHPSESSID=a',
      'wordpress_logged_in_1=b; PHPSESSID=a',
    ],
    ['two of one name, because PHP decides which counts', 'PHPSESSID=a; PHPSESSID=b', 'PHPSESSID=a; PHPSESSID=b'],
    ['a value untouched, its = and its escapes too', 'PHPSESSID=a=b%3D"c" d', 'PHPSESSID=a=b%3D"c" d'],
    ['an empty one', 'PHPSESSID=', 'PHPSESSID='],
    ['cookies without a blank between', 'a=1;PHPSESSID=abc;b=2', 'PHPSESSID=abc'],
    ['a cookie beside one that is not text', 'name=Ü; PHPSESSID=abc', 'PHPSESSID=abc'],
  ])('are forwarded to PHP: %s', (_, header, picked) => {
    expect(pick(header)).toBe(picked);
  });

  it.each([
    ['another case', 'phpsessid=abc'],
    ['a longer name', 'PHPSESSID2=abc'],
    ['a shorter beginning', 'wordpress_logged_in=abc'],
    ['the name as a value', 'x=PHPSESSID'],
    ['the name without a value', 'PHPSESSID'],
    ['the name in another value', 'x="; PHPSESSID'],
    ['an escaped name, which some servers decode', 'PHP%53ESSID=abc'],
    ['nothing', ''],
    ['commas instead of semicolons', 'a=1, PHPSESSID=abc'],
  ])('are rejected without asking PHP: %s', (_, header) => {
    expect(pick(header)).toBe('no-session-cookie');
  });

  it.each([
    ['a line feed', 'PHPSESSID=a\nb'],
    ['CR LF', 'PHPSESSID=a\r\nX-Admin: 1'],
    ['a tab inside', 'PHPSESSID=a\tb'],
    ['NUL', 'PHPSESSID=a\0'],
    ['an umlaut', 'PHPSESSID=ä'],
    ['more than 4096 characters', `PHPSESSID=${'x'.repeat(4087)}`],
    [
      'more than 4096 characters in all',
      Array(50)
        .fill(`PHPSESSID=${'x'.repeat(80)}`)
        .join('; '),
    ],
  ])('are rejected without asking PHP: %s', (_, header) => {
    expect(pick(header)).toBe('malformed-cookies');
  });

  it('are rejected without asking PHP if there are no headers or two', () => {
    expect(pick()).toBe('malformed-cookies');
    expect(pick('PHPSESSID=a', 'PHPSESSID=b')).toBe('malformed-cookies');
  });

  it('are never forwarded if they are not listed, for any header', () => {
    fc.assert(
      fc.property(anyText, fc.constantFrom('', 'PHPSESSID=', '; PHPSESSID=a; '), anyText, (before, cookie, after) => {
        const picked = pickCookies([before + cookie + after], names);
        if (isRefusal(picked)) return;
        expect(picked.cookieHeader).toMatch(/^[\x20-\x7e]{1,4096}$/);
        for (const pair of picked.cookieHeader.split('; '))
          expect(pair).toMatch(/^(PHPSESSID|wordpress_logged_in_[^=]*)=/);
      }),
    );
  });
});

const ours = { appId: 'app', key: 'key', secret: 'open sesame' };
const credentials = deriveCredentials(ours);
const [hash, otherHash] = ['a'.repeat(64), 'b'.repeat(64)];
const question: Question = { cookieHeader: 'SID=a%20b; wp_1="x"', sessionId: 'a b', userAgent: 'Firefox' };
const seal = (what = question, by = credentials) => sealAtRest(what, hash, by, randomBytes(12));

describe('a question at rest', () => {
  it('is opened as it was sealed, byte for byte', () => {
    expect(openAtRest(seal(), hash, credentials)).toEqual(question);
    const plain = { cookieHeader: question.cookieHeader, sessionId: 'ü' };
    expect(openAtRest(seal(plain), hash, credentials)).toEqual(plain);
  });

  it('has its own form, and is never the same text twice', () => {
    expect(seal()).toMatch(/^r1\.[A-Za-z0-9_-]+$/);
    expect(seal()).not.toBe(seal());
  });

  it('does not open for another session, app or secret', () => {
    expect(openAtRest(seal(), otherHash, credentials)).toBeUndefined();
    expect(openAtRest(seal(), hash, deriveCredentials({ ...ours, appId: 'other' }))).toBeUndefined();
    expect(openAtRest(seal(), hash, deriveCredentials({ ...ours, secret: 'other' }))).toBeUndefined();
  });

  it('opens with the previous secret while the gateway holds it', () => {
    const changed = { ...ours, secret: 'new', previousSecret: ours.secret };
    expect(openAtRest(seal(), hash, deriveCredentials(changed))).toEqual(question);
  });

  it('does not open if it is changed, truncated or in another form', () => {
    const text = seal();
    const sealed = Buffer.from(text.slice(3), 'base64url');
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const changed = Buffer.from(sealed);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(openAtRest(`r1.${changed.toString('base64url')}`, hash, credentials)).toBeUndefined();
    }
    for (const other of [
      '',
      'r1.',
      'r1',
      'r2.x',
      text.slice(0, 40),
      text.slice(0, -1),
      `${text}.`,
      `t1${text.slice(2)}`,
    ]) {
      expect(openAtRest(other, hash, credentials)).toBeUndefined();
    }
  });

  it('fits into the authorizer context even with the largest cookie of a ticket', () => {
    const largest = { cookieHeader: 'x'.repeat(2048), sessionId: 'x'.repeat(128), userAgent: 'x'.repeat(128) };
    expect(seal(largest).length).toBeLessThan(3200);
  });
});
