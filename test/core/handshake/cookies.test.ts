import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pickCookies } from '../../../functions/core/handshake/cookies.ts';
import { isRefusal } from '../../../functions/core/refusal.ts';
import { anyText } from '../../fakes/any-text.ts';

const names = ['PHPSESSID', 'wordpress_logged_in_*'];
function pick(...headers: string[]): string {
  const picked = pickCookies(headers, names);
  return isRefusal(picked) ? picked.refused : picked;
}

describe('of the cookies of a handshake', () => {
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
  ])('PHP gets %s', (_, header, picked) => {
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
  ])('PHP is not asked with %s', (_, header) => {
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
  ])('PHP is not asked with %s', (_, header) => {
    expect(pick(header)).toBe('malformed-cookies');
  });

  it('PHP is not asked with none or two headers', () => {
    expect(pick()).toBe('malformed-cookies');
    expect(pick('PHPSESSID=a', 'PHPSESSID=b')).toBe('malformed-cookies');
  });

  it('nothing else ever leaves, whatever the header is', () => {
    fc.assert(
      fc.property(anyText, fc.constantFrom('', 'PHPSESSID=', '; PHPSESSID=a; '), anyText, (before, cookie, after) => {
        const picked = pickCookies([before + cookie + after], names);
        if (isRefusal(picked)) return;
        expect(picked).toMatch(/^[\x20-\x7e]{1,4096}$/);
        for (const pair of picked.split('; ')) expect(pair).toMatch(/^(PHPSESSID|wordpress_logged_in_[^=]*)=/);
      }),
    );
  });
});
