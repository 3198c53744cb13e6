import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openTicket, ticketLimits } from '../../../functions/core/handshake/ticket.ts';
import { deriveCredentials } from '../../../functions/core/keys/credentials.ts';
import { isRefusal } from '../../../functions/core/refusal.ts';
import { anyText } from '../../fakes/any-text.ts';
import { contents, cookieHeader, sealTicket } from '../../fakes/ticket.ts';
import vectors from '../../recorded/vectors.json' with { type: 'json' };

const credentials = deriveCredentials(vectors.credentials);
const { ticket: recorded } = vectors;
const now = 1790000000;

/** The outcome of a ticket in one word. */
function outcomeOf(ticket: string, at = now, holder = credentials): string {
  const outcome = openTicket(ticket, holder, at);
  return isRefusal(outcome) ? outcome.refused : 'opened';
}
const sealed = (changes: Record<string, unknown> = {}) => sealTicket(credentials, contents(now, changes));
const bodyOf = (ticket: string) => ticket.split('.')[2] ?? '';

describe('a ticket from PHP', () => {
  it('opens to the recorded content, byte for byte', () => {
    expect(openTicket(recorded.ticket, credentials, now)).toEqual({
      cookieHeader,
      sessionId: '0123456789abcdef0123456789abcdef',
      identity: { userId: '42' },
      issuedAt: 1790000000,
      jti: '00112233445566778899aabbccddeeff',
    });
    expect(recorded.ticket).toHaveLength(recorded.length);
  });

  it('may contain the address and the user agent of the browser', () => {
    const seen = { a: '2001:db8::7', u: Buffer.from('x'.repeat(1024)).toString('base64url') };
    expect(openTicket(sealed(seen), credentials, now)).toMatchObject({ address: seen.a, agent: seen.u });
    expect(outcomeOf(sealed({ a: null, u: null }))).toBe('opened');
  });

  it('may have no identity, which PHP writes as [] or null', () => {
    expect(openTicket(sealed({ i: [] }), credentials, now)).toMatchObject({ identity: {} });
    expect(openTicket(sealed({ i: null }), credentials, now)).toMatchObject({ identity: undefined });
  });

  it('equals a ticket that the tests seal', () => {
    const iv = Buffer.from(recorded.iv, 'hex');
    expect(sealTicket(credentials, recorded.plaintext, iv)).toBe(recorded.ticket);
  });

  it('opens with the previous secret while there is one', () => {
    const before = sealTicket({ ...credentials, secret: 'the one before' }, contents(now));
    const both = deriveCredentials({ ...vectors.credentials, previousSecret: 'the one before' });
    expect(outcomeOf(before)).toBe('unreadable-ticket');
    expect(outcomeOf(before, now, both)).toBe('opened');
    expect(outcomeOf(sealed(), now, both)).toBe('opened');
  });

  it('may be as large as all its parts at their limits', () => {
    const i = { userInfo: { name: 'x'.repeat(ticketLimits.identity - '{"userInfo":{"name":""}}'.length) } };
    const c = `a=${'x'.repeat(ticketLimits.cookieHeader - 2)}`;
    expect(outcomeOf(sealed({ c, i, s: 'x'.repeat(ticketLimits.sessionId) }))).toBe('opened');
  });
});

describe('a changed ticket is rejected:', () => {
  it('any flipped bit of the text', () => {
    const bytes = Buffer.from(recorded.ticket, 'latin1');
    const opened = [...bytes].flatMap((byte, index) =>
      [0, 1, 2, 3, 4, 5, 6, 7].filter((bit) => {
        const flipped = Buffer.from(bytes);
        flipped[index] = byte ^ (1 << bit);
        return outcomeOf(flipped.toString('latin1')) === 'opened';
      }),
    );
    expect(opened).toEqual([]);
  });

  it('any flipped bit of the sealed bytes', () => {
    const bytes = Buffer.from(bodyOf(recorded.ticket), 'base64url');
    const outcomes = Array.from({ length: bytes.length * 8 }, (_, bit) => {
      const flipped = Buffer.from(bytes);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      return outcomeOf(`t1.${credentials.key}.${flipped.toString('base64url')}`);
    });
    expect(new Set(outcomes)).toEqual(new Set(['unreadable-ticket']));
  });

  it('truncated to any length, at either end', () => {
    for (let length = 0; length < recorded.ticket.length; length += 1) {
      expect(outcomeOf(recorded.ticket.slice(0, length))).not.toBe('opened');
      expect(outcomeOf(recorded.ticket.slice(-length - 1, -1))).not.toBe('opened');
    }
  });

  it('any other text', () => {
    fc.assert(fc.property(anyText, (text) => outcomeOf(text) === 'malformed-ticket'));
  });
});

describe('a token that is not a ticket is rejected before any key is tried:', () => {
  // Without any key: with one, these tests could not distinguish a malformed ticket from a wrong tag.
  const nobody = { ...credentials, ticketKeys: [] };
  const body = bodyOf(recorded.ticket);
  const { key } = credentials;

  it.each([
    ['empty', ''],
    ['a raw session id', '0123456789abcdef0123456789abcdef'],
    ['two parts', `t1.${body}`],
    ['four parts', `${recorded.ticket}.x`],
    ['an empty kid', `t1..${body}`],
    ['a kid of 33 characters', `t1.${'k'.repeat(33)}.${body}`],
    ['a kid with another character', `t1.${key}!.${body}`],
    ['another version', `t2.${key}.${body}`],
    ['a version in upper case', `T1.${key}.${body}`],
    ['nothing sealed', `t1.${key}.`],
    ['an initialization vector and a tag around nothing', `t1.${key}.${'A'.repeat(38)}`],
    ['padding', `${recorded.ticket}=`],
    ['base64 of the other alphabet', `t1.${key}.${body.replaceAll('-', '+').replaceAll('_', '/')}`],
    ['a length that base64 cannot have', `t1.${key}.${'A'.repeat(101)}`],
    ['one bit too many in its last character', `t1.${key}.${'A'.repeat(101)}B`],
    ['a blank before', ` ${recorded.ticket}`],
    ['a newline after', `${recorded.ticket}\n`],
    ['NUL', `t1.${key}.${body}\0`],
    ['one character more than the longest', `t1.${key}.${'A'.repeat(8192)}`],
    ['a megabyte', `t1.${key}.${'A'.repeat(1_048_576)}`],
  ])('%s', (_, token) => {
    expect(outcomeOf(token, now, nobody)).toBe('malformed-ticket');
  });

  it('but a valid ticket of another secret is rejected only by its key', () => {
    expect(outcomeOf(recorded.ticket, now, nobody)).toBe('unreadable-ticket');
  });
});

describe('a ticket of another app or gateway is rejected:', () => {
  it.each([
    ['another kid', { key: 'another' }, 'foreign-ticket'],
    ['a kid in another case', { key: credentials.key.toUpperCase() }, 'foreign-ticket'],
    ['another app with the same key and secret', { appId: 'another' }, 'unreadable-ticket'],
    ['another secret', { secret: 'another' }, 'unreadable-ticket'],
  ])('%s', (_, other, refused) => {
    expect(outcomeOf(sealTicket({ ...credentials, ...other }, contents(now)))).toBe(refused);
  });

  it('sealed with the key of another purpose', () => {
    const { session } = credentials.derived;
    expect(outcomeOf(sealed(), now, { ...credentials, ticketKeys: [session] })).toBe('unreadable-ticket');
  });
});

describe('the time of a ticket', () => {
  it.each([
    [-6, 'future-ticket'],
    [-5, 'opened'],
    [0, 'opened'],
    [30, 'opened'],
    [35, 'opened'],
    [36, 'expired-ticket'],
    [86_400, 'expired-ticket'],
  ])('%i s after sealing: %s', (age, outcome) => {
    expect(outcomeOf(sealed(), now + age)).toBe(outcome);
  });

  it.each([
    [0, 'opened'],
    [35, 'opened'],
    [36, 'long-lived-ticket'],
    [86_400, 'long-lived-ticket'],
    [-1, 'incomplete-ticket'],
  ])('with a lifetime of %i s: %s', (life, outcome) => {
    expect(outcomeOf(sealed({ exp: now + life }))).toBe(outcome);
  });
});

describe('a ticket with invalid content is rejected:', () => {
  it.each(['c', 's', 'iat', 'exp', 'jti'])('without %s', (field) => {
    expect(outcomeOf(sealed({ [field]: undefined }))).toBe('incomplete-ticket');
    for (const wrong of [null, true, [], {}, -1, 0, 1.5, '']) {
      expect(outcomeOf(sealed({ [field]: wrong })), `${field}: ${JSON.stringify(wrong)}`).toBe('incomplete-ticket');
    }
  });

  it.each<[string, Record<string, unknown>]>([
    ['a cookie header over 2 KB', { c: `a=${'x'.repeat(2047)}` }],
    ['CR LF in the cookie header', { c: 'a=b\r\nX-Admin: 1' }],
    ['a tab in the cookie header', { c: 'a=b\tc' }],
    ['NUL in the cookie header', { c: 'a=b\0' }],
    ['an umlaut in the cookie header', { c: 'a=ä' }],
    ['a session id over 512 characters', { s: 'x'.repeat(513) }],
    ['an identity over 3 KB', { i: { userInfo: { name: 'x'.repeat(3072) } } }],
    ['an identity over 3 KB only in bytes', { i: { userInfo: { name: '€'.repeat(1100) } } }],
    ['an identity that is a list', { i: ['42'] }],
    ['an identity that is text', { i: '42' }],
    ['an address that is none', { a: 'app.example.com' }],
    ['an address with a newline', { a: '203.0.113.7\n' }],
    ['an address in a list', { a: ['203.0.113.7'] }],
    ['a user agent that is not in base64url', { u: 'Firefox/1.0' }],
    ['a user agent of more than 1 KB', { u: 'x'.repeat(1368) }],
    ['an empty user agent', { u: '' }],
    ['a time as text', { iat: String(now) }],
    ['a time beyond what a number can count', { iat: 2 ** 53, exp: 2 ** 53 + 30 }],
    ['31 hex digits', { jti: '0'.repeat(31) }],
    ['33 hex digits', { jti: '0'.repeat(33) }],
    ['hex digits in upper case, which would be another claim', { jti: 'A'.repeat(32) }],
    ['a ticket id with a newline', { jti: `${'0'.repeat(32)}\n` }],
  ])('%s', (_, changes) => {
    expect(outcomeOf(sealed(changes))).toBe('incomplete-ticket');
  });

  it.each(['', 'null', '[]', '"c"', '42', '{', `{"c":"a=b"}{}`, '{"__proto__":{"c":"a=b"}}'])(
    'with %j inside',
    (inside) => {
      expect(outcomeOf(sealTicket(credentials, inside))).toMatch(/^(incomplete|malformed)-ticket$/);
    },
  );
});
