import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRefusal } from '../../functions/core/refusal.ts';
import { judgeAnswer, type SessionAnswer } from '../../functions/core/session-answer.ts';
import { SessionCheckFailed } from '../../functions/core/session-lookup.ts';

const token = '0123456789abcdef0123456789abcdef';
const json = 'application/json';
const says = (body: unknown, contentType: string | undefined = json): SessionAnswer => ({
  status: 200,
  contentType,
  body: JSON.stringify(body),
});
const status = (code: number): SessionAnswer => ({ status: code, contentType: 'text/html', body: '<h1>Hello</h1>' });
const judge = (answer: SessionAnswer) => judgeAnswer('session-id', token, answer);

/** In one word what the handshake comes to. */
function outcomeOf(decide: () => object): string {
  try {
    const outcome = decide();
    return isRefusal(outcome) ? outcome.refused : 'accepted';
  } catch (error) {
    if (error instanceof SessionCheckFailed) return error.outcome;
    throw error;
  }
}

describe('by its status', () => {
  it.each([
    [401, 'not-logged-in'],
    [403, 'not-logged-in'],
    [302, 'not-logged-in'],
    [303, 'not-logged-in'],
    [307, 'not-logged-in'],
    [421, 'misconfigured'],
    [201, 'unavailable'],
    [204, 'unavailable'],
    [206, 'unavailable'],
    [300, 'unavailable'],
    [301, 'unavailable'],
    [304, 'unavailable'],
    [308, 'unavailable'],
    [400, 'unavailable'],
    [404, 'unavailable'],
    [405, 'unavailable'],
    [418, 'unavailable'],
    [429, 'unavailable'],
    [500, 'unavailable'],
    [502, 'unavailable'],
    [503, 'unavailable'],
    [0, 'unavailable'],
  ])('%i comes to %s in every mode', (code, outcome) => {
    for (const mode of ['session-id', 'status'] as const) {
      expect(
        outcomeOf(() => judgeAnswer(mode, token, status(code))),
        mode,
      ).toBe(outcome);
    }
  });

  it('says in one clear line what a 421 means', () => {
    expect(() => judge(status(421))).toThrow(/do not hold the same secret or a clock is more than 300 s off/);
  });
});

describe('200 in mode session-id', () => {
  it.each([
    ['the same id', token, { sessionId: token }],
    ['the same id in an object', { sessionId: token }, { sessionId: token }],
    ['the same id and a user', { sessionId: token, userId: '42' }, { sessionId: token, userId: '42' }],
    [
      'the longest user id',
      { sessionId: token, userId: '€'.repeat(128) },
      { sessionId: token, userId: '€'.repeat(128) },
    ],
    [
      'more than is known, which is left behind',
      { sessionId: token, userId: '42', isAdmin: true, refused: 'x', cookieHeader: 'a=b' },
      { sessionId: token, userId: '42' },
    ],
    [
      'all that PHP may say of a user',
      { sessionId: token, userId: '42', userInfo: { name: 'Ann' }, channels: ['private-x'], expiresAt: 1790000000 },
      { sessionId: token, userId: '42', userInfo: { name: 'Ann' }, channels: ['private-x'], expiresAt: 1790000000 },
    ],
  ])('accepts %s', (_, body, session) => {
    expect(judge(says(body))).toEqual(session);
  });

  it.each([
    ['null', null],
    ['false', false],
    ['true', true],
    ['a number', 42],
    ['an array', [token]],
    ['an empty object', {}],
    ['an object without a session id', { userId: '42' }],
    ['a session id that is a number', { sessionId: 42 }],
    ['a session id that is null', { sessionId: null }],
    ['a session id in an array', { sessionId: [token] }],
    ['an error, in the words of our PHP', { error: 'Nobody is logged in.' }],
    ['a session id by way of the prototype', JSON.parse(`{"__proto__":{"sessionId":"${token}"}}`)],
  ])('takes %s for nobody', (_, body) => {
    expect(outcomeOf(() => judge(says(body)))).toBe('not-logged-in');
  });

  it.each([
    ['another id', token.replace('0', '1')],
    ['no id at all', ''],
    ['the beginning of the id', token.slice(0, 31)],
    ['the id and more', `${token}0`],
    ['the id in upper case', token.toUpperCase()],
    ['the id with a blank', `${token} `],
    ['another id in an object', { sessionId: 'x', userId: '42' }],
  ])('refuses %s', (_, body) => {
    expect(outcomeOf(() => judge(says(body)))).toBe('other-session');
  });

  it.each([
    ['a number', 42],
    ['null', null],
    ['empty', ''],
    ['an array', ['42']],
    ['an object', {}],
    ['longer than 128 characters', 'x'.repeat(129)],
  ])('calls a user id that is %s a fault, because who it is would be a guess', (_, userId) => {
    expect(outcomeOf(() => judge(says({ sessionId: token, userId })))).toBe('unavailable');
  });

  it.each([
    [json, 'accepted'],
    ['application/json; charset=utf-8', 'accepted'],
    ['application/json;charset=UTF-8', 'accepted'],
    ['Application/JSON', 'accepted'],
    ['application/problem+json', 'accepted'],
    ['application/vnd.api+json', 'accepted'],
    ['text/html', 'unavailable'],
    ['text/html; charset=application/json', 'unavailable'],
    ['text/json', 'unavailable'],
    ['application/jsonp', 'unavailable'],
    ['application/javascript', 'unavailable'],
    ['', 'unavailable'],
  ])('with the content type "%s" comes to %s', (contentType, outcome) => {
    expect(outcomeOf(() => judge(says(token, contentType)))).toBe(outcome);
  });

  it('without a content type is a fault', () => {
    expect(outcomeOf(() => judge({ ...says(token), contentType: undefined }))).toBe('unavailable');
  });

  it.each([
    ['empty', ''],
    ['cut off', `"${token}`],
    ['a page', '<h1>Login</h1>'],
    ['the id without quotes', token],
    [
      'an identity with 5000 lists in one another',
      `{"sessionId":"${token}","userInfo":{"a":${'['.repeat(5000)}${']'.repeat(5000)}}}`,
    ],
    ['two values', `"${token}" "${token}"`],
    ['JSON after a warning of PHP', `Warning: x in y\n"${token}"`],
    ['not there', undefined],
  ])('with a body that is %s is a fault', (_, body) => {
    expect(outcomeOf(() => judge({ status: 200, contentType: json, body }))).toBe('unavailable');
  });

  it('accepts nothing but the token, and says neither the token nor the body in a fault', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), fc.string(), (body, contentType) => {
        for (const type of [json, contentType]) {
          try {
            expect(isRefusal(judge({ status: 200, contentType: type, body }))).toBe(true);
          } catch (error) {
            expect(error).toBeInstanceOf(SessionCheckFailed);
            expect((error as SessionCheckFailed).reason).toMatch(/^it answered (200 with|with a userId)/);
            expect(String(error)).not.toContain(token);
          }
        }
      }),
    );
  });
});

describe('200 in mode ticket', () => {
  it('is accepted with the id that is sealed in the ticket, and with no other', () => {
    expect(judgeAnswer('ticket', token, says({ sessionId: token, userId: '42' }))).toEqual({
      sessionId: token,
      userId: '42',
    });
    expect(outcomeOf(() => judgeAnswer('ticket', token, says('other')))).toBe('other-session');
  });
});

describe('200 in mode cookie', () => {
  it.each([
    ['an id', token, { sessionId: token }],
    ['an id of another kind than PHP makes', 'öäü', { sessionId: 'öäü' }],
    ['an id and a user', { sessionId: token, userId: '42' }, { sessionId: token, userId: '42' }],
  ])('takes the session from PHP: %s', (_, body, session) => {
    expect(judgeAnswer('cookie', undefined, says(body))).toEqual(session);
  });

  it.each([null, '', {}, { sessionId: '' }, { userId: '42' }, [token], 42])('takes %j for nobody', (body) => {
    expect(outcomeOf(() => judgeAnswer('cookie', undefined, says(body)))).toBe('not-logged-in');
  });
});

describe('200 in mode status', () => {
  it.each([
    ['a page', { status: 200, contentType: 'text/html', body: undefined }],
    ['nothing', { status: 200, contentType: undefined, body: undefined }],
    ['another id, which nobody reads', says('other')],
  ])('accepts %s', (_, answer) => {
    expect(judgeAnswer('status', token, answer)).toEqual({ sessionId: token });
  });
});
