import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type SessionMode, sessionModes } from '../../../functions/core/handshake/handshake-options.ts';
import { SessionCheckFailed } from '../../../functions/core/handshake/session.ts';
import { judgeAnswer, type SessionAnswer } from '../../../functions/core/handshake/session-answer.ts';
import { isRefusal } from '../../../functions/core/refusal.ts';
import { answers, askedId, endpoint, signedNo } from './answers.ts';

const token = askedId;
const json = 'application/json';
const says = (body: unknown, contentType = json): SessionAnswer => ({
  status: 200,
  headers: { 'content-type': contentType },
  body: JSON.stringify(body),
});
const status = (code: number, headers: SessionAnswer['headers'] = {}): SessionAnswer => ({
  status: code,
  headers: { 'content-type': 'text/html', ...headers },
  body: '<h1>Hello</h1>',
});
const judgeIn = (mode: SessionMode, answer: SessionAnswer, sessionId: string | undefined = token) =>
  judgeAnswer({ mode, endpoint, sessionId, isSignedNo: (header) => header === signedNo }, answer);
const judge = (answer: SessionAnswer) => judgeIn('session-id', answer);
const ownNo = { 'x-session-socket-answer': signedNo };

/** The outcome of the handshake in one word. */
function outcomeOf(decide: () => object): string {
  try {
    const outcome = decide();
    return isRefusal(outcome) ? outcome.refused : 'accepted';
  } catch (error) {
    if (error instanceof SessionCheckFailed) return error.outcome;
    throw error;
  }
}

function failureOf(decide: () => object): SessionCheckFailed {
  try {
    decide();
  } catch (error) {
    if (error instanceof SessionCheckFailed) return error;
    throw error;
  }
  throw new Error('It was an answer.');
}

describe('an answer by its status', () => {
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
  ])('%i means %s in the modes of a hand-written route', (code, outcome) => {
    for (const mode of ['session-id', 'cookie', 'status'] as const) {
      expect(
        outcomeOf(() => judgeIn(mode, status(code))),
        mode,
      ).toBe(outcome);
    }
  });

  it('421 has a reason that names both causes', () => {
    expect(() => judge(status(421))).toThrow(/do not hold the same secret or a clock is more than 300 s off/);
  });
});

/** Answers of firewalls, load balancers and web servers, which PHP's answer does not change. */
const foreignAnswers: readonly (readonly [string, SessionAnswer])[] = [
  ['a challenge page of Cloudflare', status(403, { 'cf-mitigated': 'challenge' })],
  ['a challenge of AWS WAF', status(202, { 'x-amzn-waf-action': 'challenge' })],
  ['a captcha of AWS WAF', status(405, { 'x-amzn-waf-action': 'captcha' })],
  ['a challenge of Vercel', status(403, { 'x-vercel-mitigated': 'challenge' })],
  [
    'a challenge page that says 200',
    { ...says(token), headers: { 'cf-mitigated': 'challenge', 'content-type': json } },
  ],
  ['HTTP Basic', status(401, { 'www-authenticate': 'Basic realm="Staging"' })],
  ['HTTP Basic, said twice', status(401, { 'www-authenticate': ['Basic realm="a"', 'Negotiate'] })],
  ['a redirect to another host', status(302, { location: 'https://www.app.example.com/getSessionID' })],
  ['a redirect to a login of another host', status(303, { location: '//login.example.com/' })],
  ['a redirect to where it came from', status(302, { location: 'https://app.example.com/getSessionID/' })],
  ['a redirect to http', status(307, { location: 'http://app.example.com/getSessionID' })],
  ['a redirect to what is no URL', status(302, { location: 'https://' })],
];

describe('an answer of something in front of PHP', () => {
  it.each(foreignAnswers)('is a fault in any mode: %s', (_, answer) => {
    for (const mode of sessionModes) {
      const failure = failureOf(() => judgeIn(mode, answer));
      expect([failure.outcome, failure.inFront], mode).toEqual(['unavailable', true]);
      expect(failure.message).not.toMatch(/Staging|example\.com/);
    }
  });

  // A firewall's 403 used to close all sockets with a due check: 60 of 60 in eleven minutes.
  it.each([
    ['403 with a page', status(403)],
    ['403 in JSON', { ...says({ error: 'Forbidden' }), status: 403 }],
    ['401', status(401)],
    ['a redirect to a page of the same host', status(302, { location: '/maintenance' })],
    ['a signature of another request', status(403, { 'x-session-socket-answer': 'no,s=wrong' })],
    ['the signature with another status', status(401, ownNo)],
    ['JSON that names no session', says({ status: 'maintenance' })],
    ['a list', says([])],
    ['false', says(false)],
  ])('is a fault in mode ticket: %s', (_, answer) => {
    const failure = failureOf(() => judgeIn('ticket', answer));
    expect([failure.outcome, failure.inFront]).toEqual(['unavailable', true]);
  });

  it('has a reason that differs from the one for an outdated PHP file', () => {
    expect(failureOf(() => judgeIn('ticket', status(403))).reason).toBe(
      "it answered 403 without PHP's signature: PHP did not give it, or session-socket.php is outdated",
    );
  });
});

describe('a no from PHP', () => {
  it('must be signed by the PHP file in mode ticket', () => {
    expect(outcomeOf(() => judgeIn('ticket', status(403, ownNo)))).toBe('not-logged-in');
    expect(outcomeOf(() => judgeIn('ticket', status(403, { ...ownNo, 'cf-ray': 'x' })))).toBe('not-logged-in');
  });

  it.each([
    ['a page', status(403)],
    ['a redirect to the login', status(302, { location: '/login?back=%2FgetSessionID' })],
    ['a redirect to the login by its whole URL', status(302, { location: 'https://APP.example.com/login' })],
    [
      'a redirect to the login, where PHP does not know its own scheme and port',
      status(302, { location: 'http://app.example.com:8080/login' }),
    ],
    ['a redirect without a target', status(302)],
  ])('may be %s in the other modes', (_, answer) => {
    for (const mode of ['session-id', 'cookie', 'status'] as const) {
      expect(
        outcomeOf(() => judgeIn(mode, answer)),
        mode,
      ).toBe('not-logged-in');
    }
  });
});

it('a session answer may begin with one byte order mark', () => {
  const body = `\uFEFF${JSON.stringify(token)}`;
  expect(judge({ ...says(''), body })).toEqual({ sessionId: token });
  expect(outcomeOf(() => judge({ ...says(''), body: `\uFEFF${body}` }))).toBe('unavailable');
});

describe('a 200 in mode session-id', () => {
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
  ])('means nobody for %s', (_, body) => {
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
    ['empty', ''],
    ['an array', ['42']],
    ['an object', {}],
    ['longer than 128 characters', 'x'.repeat(129)],
  ])('is a fault if the user id is %s, because the user would be a guess', (_, userId) => {
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
  ])('with the content type "%s" means %s', (contentType, outcome) => {
    expect(outcomeOf(() => judge(says(token, contentType)))).toBe(outcome);
  });

  it('without a content type is a fault', () => {
    expect(outcomeOf(() => judge({ ...says(token), headers: {} }))).toBe('unavailable');
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
    expect(outcomeOf(() => judge({ ...says(''), body }))).toBe('unavailable');
  });

  it('accepts only the token, and quotes neither the token nor the body in a fault', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), fc.string(), (body, contentType) => {
        for (const type of [json, contentType]) {
          try {
            expect(isRefusal(judge({ ...says('', type), body }))).toBe(true);
          } catch (error) {
            expect(error).toBeInstanceOf(SessionCheckFailed);
            expect((error as SessionCheckFailed).reason).toMatch(/^it answered 200 with/);
            expect(String(error)).not.toContain(token);
          }
        }
      }),
    );
  });
});

describe('a 200 in mode ticket', () => {
  it('is accepted only with the id that is sealed in the ticket', () => {
    expect(judgeIn('ticket', says({ sessionId: token, userId: '42' }))).toEqual({
      sessionId: token,
      userId: '42',
    });
    expect(outcomeOf(() => judgeIn('ticket', says('other')))).toBe('other-session');
    expect(outcomeOf(() => judgeIn('ticket', says(null)))).toBe('not-logged-in');
  });

  // A proxy that forwards only known headers drops X-Session-Socket. PHP then treats the gateway as a browser and
  // answers with a ticket. This was judged as another session's id: handshakes got 403 without an alarm, and open
  // sockets were closed.
  it('is a fault if it is a ticket', () => {
    expect(() => judgeIn('ticket', says(`t1.key.${'A'.repeat(60)}`))).toThrow('a ticket: it got no X-Session-Socket');
  });
});

describe('a 200 in mode cookie', () => {
  const judgeCookie = (answer: SessionAnswer) =>
    judgeAnswer({ mode: 'cookie', endpoint, isSignedNo: () => false }, answer);

  it.each([
    ['an id', token, { sessionId: token }],
    ['an id of another kind than PHP makes', 'öäü', { sessionId: 'öäü' }],
    ['an id and a user', { sessionId: token, userId: '42' }, { sessionId: token, userId: '42' }],
  ])('accepts the session from PHP: %s', (_, body, session) => {
    expect(judgeCookie(says(body))).toEqual(session);
  });

  it.each([null, '', {}, { sessionId: '' }, { userId: '42' }, [token], 42])('means nobody for %j', (body) => {
    expect(outcomeOf(() => judgeCookie(says(body)))).toBe('not-logged-in');
  });
});

describe('a 200 in mode status', () => {
  it.each([
    ['a page', { ...status(200), body: undefined }],
    ['nothing', { status: 200, headers: {}, body: undefined }],
    ['another id, which nobody reads', says('other')],
  ])('accepts %s', (_, answer) => {
    expect(judgeIn('status', answer)).toEqual({ sessionId: token });
  });
});

describe('the table of docs/modes.md', () => {
  const words = { 'not-logged-in': 'no', 'other-session': 'no', unavailable: 'no answer' } as Record<string, string>;
  const wordOf = (mode: SessionMode, answer: SessionAnswer) => {
    const outcome = outcomeOf(() => judgeIn(mode, answer));
    return words[outcome] ?? outcome;
  };

  it('says what each answer means to the authorizer, the re-check and the doctor', () => {
    const rows = answers.map(
      ([says, answer]) => `| ${says} | ${wordOf('ticket', answer)} | ${wordOf('session-id', answer)} |`,
    );
    const page = readFileSync(join(import.meta.dirname, '../../../docs/modes.md'), 'utf8');
    const [, table = ''] = page.split(/<!-- \/?answers.*-->/);
    expect(table.trim().split('\n').slice(2)).toEqual(rows);
  });
});
