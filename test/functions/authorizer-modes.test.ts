import { describe, expect, it } from 'vitest';
import { createAuthorizer } from '../../functions/authorizer.ts';
import { type HandshakeOptions, resolveHandshakeOptions } from '../../functions/core/handshake/handshake-options.ts';
import { openAtRest, type Question } from '../../functions/core/handshake/question.ts';
import { type Session, SessionCheckFailed } from '../../functions/core/handshake/session.ts';
import { type Credentials, deriveCredentials, hashSessionId } from '../../functions/core/keys/credentials.ts';
import { type Refusal, refuse } from '../../functions/core/refusal.ts';
import { ManualClock } from '../fakes/clock.ts';
import { handshakeEvent, methodArn, origin, sessionId, userAgent } from '../fakes/events.ts';
import { LoggedLines } from '../fakes/logged-lines.ts';
import { contents, cookieHeader, sealTicket } from '../fakes/ticket.ts';

const credentials = deriveCredentials({ appId: 'app', key: 'key', secret: 'open sesame' });
const sessionHash = hashSessionId(credentials, sessionId);
const allowed = { policyDocument: { Statement: [{ Effect: 'Allow', Resource: methodArn }] } };
const denied = { policyDocument: { Statement: [{ Effect: 'Deny', Resource: methodArn }] } };

function scene(options: HandshakeOptions, answer: () => Session | Refusal = () => ({ sessionId }), asksAgain = false) {
  const asked: Question[] = [];
  const sessions = {
    async find(question: Question) {
      asked.push(question);
      return answer();
    },
  };
  const clock = new ManualClock();
  const now = clock.now() / 1000;
  const logged = new LoggedLines();
  const source = { fetched: credentials as Credentials, kept: credentials as Credentials, fetches: 0 };
  const authorize = createAuthorizer({
    origins: { allowedOrigins: [origin], allowMissingOrigin: false },
    options: resolveHandshakeOptions(options),
    asksAgain,
    sessions,
    credentials: async (maxAgeMs) => {
      if (maxAgeMs === undefined) return source.kept;
      source.fetches += 1;
      source.kept = source.fetched;
      return source.kept;
    },
    clock,
    log: logged.log,
  });
  return { asked, logged, clock, now, authorize, source };
}

describe('a ticket', () => {
  it('is accepted when PHP accepts the cookies in it, and the context has what connect needs', async () => {
    const { asked, authorize, now } = scene({ mode: 'ticket' });
    const jti = '00112233445566778899aabbccddeeff';
    const policy = await authorize(handshakeEvent({ tokens: [sealTicket(credentials, contents(now - 7, { jti }))] }));
    const context = { sessionHash, jti, authorizedAt: String((now - 7) * 1000) };
    expect(policy).toMatchObject({ ...allowed, principalId: `session:${sessionHash}`, context });
    expect(asked).toMatchObject([{ cookieHeader, sessionId, userAgent }]);
    expect(JSON.stringify(policy)).not.toContain(sessionId);
  });

  // Otherwise a logout in two seconds would be older than a ticket from a clock that is four ahead, and accept its
  // copy.
  it('from a clock that is ahead counts as issued no later than its handshake', async () => {
    const { authorize, clock, now } = scene({ mode: 'ticket' });
    const policy = await authorize(handshakeEvent({ tokens: [sealTicket(credentials, contents(now + 4))] }));
    expect(policy.context).toMatchObject({ authorizedAt: String(clock.now()) });
  });

  it('may come as a sub-protocol instead of in the URL', async () => {
    const { authorize, now } = scene({ mode: 'ticket', tokenFrom: 'subprotocol' });
    const ticket = sealTicket(credentials, contents(now));
    const headers = { 'Sec-WebSocket-Protocol': [`session-socket, ${ticket}`] };
    expect(await authorize(handshakeEvent({ tokens: [], headers }))).toMatchObject(allowed);
    expect(await authorize(handshakeEvent({ tokens: [ticket] }))).toMatchObject(denied);
  });

  it('is rejected when PHP rejects its cookies', async () => {
    const { authorize, now } = scene({ mode: 'ticket' }, () => refuse('not-logged-in'));
    expect(await authorize(handshakeEvent({ tokens: [sealTicket(credentials, contents(now))] }))).toMatchObject(denied);
  });

  it('is always logged in full when it was forged or changed', async () => {
    const { authorize, now, logged } = scene({ mode: 'ticket' });
    const forged = handshakeEvent({ tokens: [sealTicket({ ...credentials, secret: 'a guess' }, contents(now))] });
    for (let times = 0; times < 50; times += 1) await authorize(forged);
    expect(logged.lines.map(({ message, fields }) => [message, (fields as { reason?: string }).reason])).toEqual(
      Array(50).fill(['handshake refused', 'unreadable-ticket']),
    );
  });

  it('is rejected without asking PHP when it is invalid, expired, or another browser’s', async () => {
    const { asked, authorize, now, logged } = scene({ mode: 'ticket' });
    const good = sealTicket(credentials, contents(now));
    const bad: [string, string[]][] = [
      ['malformed-ticket', []],
      ['malformed-ticket', [good, good]],
      ['malformed-ticket', [sessionId]],
      ['malformed-ticket', [good.slice(0, 30)]],
      ['expired-ticket', [sealTicket(credentials, contents(now - 36))]],
      ['future-ticket', [sealTicket(credentials, contents(now + 6))]],
      ['long-lived-ticket', [sealTicket(credentials, contents(now, { exp: now + 3600 }))]],
      ['incomplete-ticket', [sealTicket(credentials, contents(now, { c: 'a=b\r\nX-A: b' }))]],
      ['foreign-ticket', [sealTicket({ ...credentials, key: 'other' }, contents(now))]],
      ['unreadable-ticket', [sealTicket({ ...credentials, appId: 'other' }, contents(now))]],
      ['unreadable-ticket', [sealTicket({ ...credentials, secret: 'other' }, contents(now))]],
    ];
    for (const [reason, tokens] of bad) {
      expect(await authorize(handshakeEvent({ tokens }))).toMatchObject(denied);
      expect(logged.lines.at(-1)).toMatchObject({ level: 'info', fields: { reason } });
    }
    expect(asked).toEqual([]);
    expect(JSON.stringify(logged.lines)).not.toContain(good.slice(10, 40));
  });

  it('that does not open is tried again with a newer secret', async () => {
    const { authorize, now, source } = scene({ mode: 'ticket' });
    source.fetched = deriveCredentials({ ...credentials, secret: 'new', previousSecret: 'open sesame' });
    const ticket = sealTicket({ ...credentials, secret: 'new' }, contents(now));
    expect(await authorize(handshakeEvent({ tokens: [ticket] }))).toMatchObject(allowed);
    expect(source.fetches).toBe(1);
    expect(await authorize(handshakeEvent({ tokens: [sealTicket(credentials, contents(now))] }))).toMatchObject(
      allowed,
    );
    expect(source.fetches).toBe(1);
  });
});

describe('a trusted ticket', () => {
  const trusting: HandshakeOptions = { mode: 'ticket', sessionCheck: 'trust-ticket' };

  it('admits the user in it without asking PHP', async () => {
    const { asked, authorize, now } = scene(trusting);
    const i = { userId: '42', userInfo: { name: 'Ann' } };
    const policy = await authorize(handshakeEvent({ tokens: [sealTicket(credentials, contents(now, { i }))] }));
    expect(policy).toMatchObject({
      ...allowed,
      principalId: 'user:42',
      context: { sessionHash, userInfo: '{"name":"Ann"}' },
    });
    expect(asked).toEqual([]);
  });

  it('is for the session when it has no user', async () => {
    const { authorize, now } = scene(trusting);
    const ticket = sealTicket(credentials, contents(now));
    expect(await authorize(handshakeEvent({ tokens: [ticket] }))).toMatchObject({
      principalId: `session:${sessionHash}`,
    });
  });

  // PHP's clock may be ahead by five seconds, so a logout after the ticket can look older than the ticket.
  it.each([
    ['is trusted', 'trust-ticket', 5],
    ['is asked about', 'always', 0],
  ] as const)('%s counts as authorized so much before its time', async (_, sessionCheck, seconds) => {
    const { authorize, now } = scene({ mode: 'ticket', sessionCheck }, () => ({ sessionId }));
    const ticket = sealTicket(credentials, contents(now - 1));
    const policy = await authorize(handshakeEvent({ tokens: [ticket] }));
    expect(policy.context?.['authorizedAt']).toBe(String((now - 1 - seconds) * 1000));
  });

  it('with an invalid identity is a fault of PHP, not a refusal', async () => {
    const { authorize, now, logged } = scene(trusting);
    const ticket = sealTicket(credentials, contents(now, { i: { userId: 42 } }));
    await expect(authorize(handshakeEvent({ tokens: [ticket] }))).rejects.toThrow(SessionCheckFailed);
    expect(logged.lines[0]?.fields).toMatchObject({ reason: expect.stringContaining('the ticket came with a userId') });
  });
});

describe('cookies', () => {
  const withCookie = (...cookies: string[]) => handshakeEvent({ tokens: [], headers: { Cookie: cookies } });

  it('admit the user that PHP returns, and PHP gets only the listed cookies', async () => {
    const { asked, authorize } = scene({ mode: 'cookie', cookies: ['SID', 'wp_*'] }, () => ({
      sessionId,
      userId: '42',
    }));
    const policy = await authorize(withCookie('_ga=1; wp_2=b; theme=dark; SID=a%20b'));
    expect(policy).toMatchObject({ ...allowed, principalId: 'user:42', context: { sessionHash } });
    expect(asked).toEqual([{ cookieHeader: 'wp_2=b; SID=a%20b', userAgent }]);
    expect(policy.context).not.toHaveProperty('jti', expect.anything());
  });

  it.each([
    ['none of the list', withCookie('_ga=1'), 'no-session-cookie'],
    ['too many of it', withCookie(`PHPSESSID=${'x'.repeat(5000)}`), 'malformed-cookies'],
    ['two headers', withCookie('PHPSESSID=a', 'PHPSESSID=b'), 'malformed-cookies'],
    ['no header, only a token', handshakeEvent(), 'malformed-cookies'],
    ['no Origin', handshakeEvent({ headers: { Cookie: ['PHPSESSID=a'], Origin: undefined } }), 'missing-origin'],
    [
      'another Origin',
      handshakeEvent({ headers: { Cookie: ['PHPSESSID=a'], Origin: ['https://evil.com'] } }),
      'foreign-origin',
    ],
  ])('with %s are rejected without asking PHP', async (_, event, reason) => {
    const { asked, authorize, logged } = scene({ mode: 'cookie' });
    expect(await authorize(event)).toMatchObject(denied);
    expect(logged.lines).toMatchObject([{ fields: { reason } }]);
    expect(asked).toEqual([]);
  });
});

describe('the sealed question for PHP', () => {
  const ofTicket = (now: number) => handshakeEvent({ tokens: [sealTicket(credentials, contents(now))] });
  const ofCookies = () => handshakeEvent({ tokens: [], headers: { Cookie: ['theme=dark; PHPSESSID=a%20b'] } });
  const sealIn = ({ context }: { context?: object | null | undefined }) => {
    const { sessionSeal, sessionHash: hash } = context as { sessionSeal: string; sessionHash: string };
    return openAtRest(sessionSeal, hash, credentials);
  };

  it.each([
    ['session-id', () => handshakeEvent(), `PHPSESSID=${sessionId}`],
    ['status', () => handshakeEvent(), `PHPSESSID=${sessionId}`],
    ['ticket', ofTicket, cookieHeader],
    ['cookie', ofCookies, 'PHPSESSID=a%20b'],
  ] as const)('is the question of the handshake, in mode %s, sealed', async (mode, handshakes, header) => {
    const { authorize, now } = scene({ mode }, undefined, true);
    const policy = await authorize(handshakes(now));
    expect(sealIn(policy)).toEqual({ cookieHeader: header, sessionId, userAgent });
    expect(JSON.stringify(policy)).not.toContain(sessionId);
  });

  it('is in the context with a trusted ticket, too', async () => {
    const { authorize, now } = scene({ mode: 'ticket', sessionCheck: 'trust-ticket' }, undefined, true);
    expect(sealIn(await authorize(ofTicket(now)))).toMatchObject({ cookieHeader });
  });

  it('is absent when PHP is not asked again', async () => {
    const { authorize, now } = scene({ mode: 'ticket' });
    expect((await authorize(ofTicket(now))).context).not.toHaveProperty('sessionSeal', expect.anything());
  });

  it('does not contain a user agent that PHP did not get', async () => {
    const { authorize } = scene({ mode: 'session-id' }, undefined, true);
    const policy = await authorize(handshakeEvent({ headers: { 'User-Agent': ['Ü'.repeat(600)] } }));
    expect(sealIn(policy)).toEqual({ cookieHeader: `PHPSESSID=${sessionId}`, sessionId });
  });

  it('can make the context too large for API Gateway, which the log says', async () => {
    const userInfo = { about: 'x'.repeat(2000) };
    const channels = Array.from({ length: 20 }, (_, n) => `private-${'x'.repeat(50)}-${n}`);
    const answer = () => ({ sessionId, userId: '42', userInfo, channels });
    const large = handshakeEvent({ tokens: [], headers: { Cookie: [`PHPSESSID=${'x'.repeat(4000)}`] } });
    const { authorize, logged } = scene({ mode: 'cookie' }, answer, true);
    expect(await authorize(large)).toMatchObject(denied);
    expect(logged.lines).toMatchObject([{ fields: { reason: 'oversized-seal' } }]);
    const without = scene({ mode: 'cookie' }, answer);
    expect(await without.authorize(large)).toMatchObject(allowed);
  });

  it('fits into the context with the largest ticket of PHP', async () => {
    const identity = { userId: '4'.repeat(128), userInfo: { about: 'x'.repeat(2030) }, expiresAt: 1900000000 };
    const channels = Array.from({ length: 20 }, (_, n) => `private-orders-of-this-user-${n}`);
    const { authorize, now } = scene({ mode: 'ticket' }, () => ({ sessionId, ...identity, channels }), true);
    const c = `PHPSESSID=${'x'.repeat(2048 - 10)}`;
    const headers = { 'User-Agent': ['x'.repeat(200)] };
    expect(
      await authorize(handshakeEvent({ tokens: [sealTicket(credentials, contents(now, { c }))], headers })),
    ).toMatchObject(allowed);
  });
});

describe('PHP’s answer about the user', () => {
  it('is in the context, as text', async () => {
    const expiresAt = 1900000000;
    const { authorize, clock } = scene({ mode: 'session-id' }, () => ({
      sessionId,
      userId: '42',
      userInfo: { name: 'Ann' },
      channels: ['private-orders-42', 'presence-*'],
      expiresAt,
    }));
    const authorizedAt = String(clock.now());
    expect((await authorize(handshakeEvent())).context).toEqual({
      sessionHash,
      authorizedAt,
      userInfo: '{"name":"Ann"}',
      channels: '["private-orders-42","presence-*"]',
      sessionExpiresAt: '1900000000',
    });
  });

  it('rejects the handshake when the session has ended', async () => {
    const { authorize, logged, now } = scene({ mode: 'session-id' }, () => ({ sessionId, expiresAt: now }));
    expect(await authorize(handshakeEvent())).toMatchObject(denied);
    expect(logged.lines).toMatchObject([{ fields: { reason: 'expired-session' } }]);
  });

  // API Gateway answers a longer result with 500, without a reason.
  it('can be too large for API Gateway, which the log says', async () => {
    const channels = Array.from({ length: 100 }, (_, n) => `private-${'x'.repeat(100)}-${n}`);
    const { authorize, logged } = scene({ mode: 'session-id' }, () => ({ sessionId, channels }));
    expect(await authorize(handshakeEvent())).toMatchObject(denied);
    expect(logged.lines).toMatchObject([{ fields: { reason: 'oversized-identity' } }]);
    const fewer = scene({ mode: 'session-id' }, () => ({ sessionId, channels: channels.slice(0, 50) }));
    expect(await fewer.authorize(handshakeEvent())).toMatchObject(allowed);
  });
});
