import { describe, expect, it } from 'vitest';
import { createAuthorizer } from '../../functions/authorizer.ts';
import { resolveHandshakeOptions } from '../../functions/core/handshake/handshake-options.ts';
import type { Question } from '../../functions/core/handshake/question.ts';
import { type Session, SessionCheckFailed } from '../../functions/core/handshake/session.ts';
import { deriveCredentials, hashSessionId } from '../../functions/core/keys/credentials.ts';
import { type Refusal, refuse } from '../../functions/core/refusal.ts';
import { ManualClock } from '../fakes/clock.ts';
import { connectionId, handshakeEvent, methodArn, origin, sessionId, userAgent } from '../fakes/events.ts';
import { LoggedLines } from '../fakes/logged-lines.ts';

const credentials = deriveCredentials({ appId: 'app', key: 'key', secret: 'open sesame' });
const sessionHash = hashSessionId(credentials, sessionId);

function scene(answer: () => Session | Refusal = () => ({ sessionId })) {
  const asked: Question[] = [];
  const sessions = {
    async find(question: Question) {
      asked.push(question);
      return answer();
    },
  };
  const logged = new LoggedLines();
  const origins = { allowedOrigins: [origin], allowMissingOrigin: false };
  const clock = new ManualClock();
  const options = resolveHandshakeOptions({ mode: 'session-id' });
  const dependencies = { origins, options, sessions, credentials: async () => credentials, clock, log: logged.log };
  return { asked, logged, clock, dependencies, authorize: createAuthorizer(dependencies) };
}

const allowed = { policyDocument: { Statement: [{ Effect: 'Allow', Resource: methodArn }] } };
const denied = { policyDocument: { Statement: [{ Effect: 'Deny', Resource: methodArn }] } };

describe('a user who is logged in to PHP', () => {
  it('is accepted, as the session when PHP returns no user', async () => {
    const { logged, authorize } = scene();
    const policy = await authorize(handshakeEvent());
    expect(policy).toMatchObject({ ...allowed, principalId: `session:${sessionHash}`, context: { sessionHash } });
    expect(JSON.stringify(policy)).not.toContain(sessionId);
    expect(logged.lines).toEqual([]);
  });

  it('is accepted as the user that PHP returns', async () => {
    const { authorize } = scene(() => ({ sessionId, userId: '42' }));
    expect(await authorize(handshakeEvent())).toMatchObject({
      ...allowed,
      principalId: 'user:42',
      context: { sessionHash },
    });
  });

  it('causes one request to PHP, with the token and the user agent', async () => {
    const { asked, authorize } = scene();
    await authorize(handshakeEvent());
    expect(asked).toEqual([{ cookieHeader: `PHPSESSID=${sessionId}`, sessionId, userAgent }]);
  });
});

describe('PHP is not asked', () => {
  it.each([
    ['another origin', handshakeEvent({ headers: { Origin: ['https://evil.example.com'] } }), 'foreign-origin'],
    ['no origin', handshakeEvent({ headers: { Origin: undefined } }), 'missing-origin'],
    [
      'two origins, the right one first',
      handshakeEvent({ headers: { Origin: [origin, 'https://evil.com'] } }),
      'foreign-origin',
    ],
    ['two origins in two spellings', handshakeEvent({ headers: { origin: ['https://evil.com'] } }), 'foreign-origin'],
    ['no token', handshakeEvent({ tokens: [] }), 'malformed-token'],
    ['two tokens', handshakeEvent({ tokens: [sessionId, sessionId] }), 'malformed-token'],
    ['a second cookie in the token', handshakeEvent({ tokens: [`${sessionId}; admin=1`] }), 'malformed-token'],
    ['a new line in the token', handshakeEvent({ tokens: [`${sessionId}\r\nX-A: b`] }), 'malformed-token'],
  ])('about %s', async (_, event, reason) => {
    const { asked, logged, authorize } = scene();
    expect(await authorize(event)).toMatchObject(denied);
    expect(asked).toEqual([]);
    expect(logged.lines).toMatchObject([{ level: 'info', fields: { reason, connectionId } }]);
    expect(logged.count('HandshakeRefused')).toBe(1);
  });
});

describe('the log', () => {
  it('has a foreign origin, truncated to 200 characters', async () => {
    const { logged, authorize } = scene();
    await authorize(handshakeEvent({ headers: { Origin: [`https://${'x'.repeat(10_000)}.com`] } }));
    expect(logged.lines[0]?.fields).toMatchObject({ origin: `https://${'x'.repeat(192)}` });
  });

  it('has nothing that the client sent for any other refusal', async () => {
    for (const tokens of [['secret token'], [sessionId]]) {
      const { logged, authorize } = scene(() => refuse('not-logged-in'));
      await authorize(handshakeEvent({ tokens }));
      const line = JSON.stringify(logged.lines);
      for (const sent of ['secret token', sessionId, origin, userAgent]) expect(line).not.toContain(sent);
    }
  });
});

describe('a flood of refusals for one reason', () => {
  const malformed = handshakeEvent({ tokens: ['no session id'] });

  it('is logged as one line a minute, and its metric stays exact', async () => {
    const { logged, authorize } = scene();
    for (let times = 0; times < 100; times += 1) expect(await authorize(malformed)).toMatchObject(denied);
    expect(logged.messages).toEqual(['handshake refused']);
    expect(logged.count('HandshakeRefused')).toBe(100);
    expect(logged.lines.at(-1)).toEqual({
      level: 'info',
      message: undefined,
      fields: { reason: 'malformed-token' },
      counts: { HandshakeRefused: 1 },
    });
  });

  it('is summed up in the log at the first invocation after the minute', async () => {
    const { logged, clock, authorize } = scene();
    for (let times = 0; times < 100; times += 1) await authorize(malformed);
    await clock.advance(60_000);
    expect(await authorize(handshakeEvent())).toMatchObject(allowed);
    expect(logged.lines.at(-1)).toMatchObject({
      message: 'refusals suppressed',
      fields: { reason: 'malformed-token', suppressed: 99, since: '2026-11-20T12:00:00.000Z' },
      counts: {},
    });
    expect(logged.count('HandshakeRefused')).toBe(100);
  });

  it('does not hide a refusal for another reason', async () => {
    const { logged, authorize } = scene(() => refuse('not-logged-in'));
    for (let times = 0; times < 100; times += 1) await authorize(malformed);
    await authorize(handshakeEvent());
    expect(logged.lines.at(-1)).toMatchObject({ message: 'handshake refused', fields: { reason: 'not-logged-in' } });
  });

  it('is logged in full when the origin is foreign', async () => {
    const { logged, authorize } = scene();
    const foreign = (index: number) => handshakeEvent({ headers: { Origin: [`https://evil-${index}.example.com`] } });
    for (let index = 0; index < 100; index += 1) await authorize(foreign(index));
    const origins = logged.lines.map(({ fields }) => (fields as { origin?: string }).origin);
    expect(origins).toEqual(Array.from({ length: 100 }, (_, index) => `https://evil-${index}.example.com`));
    expect(new Set(logged.messages)).toEqual(new Set(['handshake refused']));
  });
});

describe('a session check that fails', () => {
  it.each([
    ['unavailable', 'HandshakeUnavailable'],
    ['misconfigured', 'HandshakeMisconfigured'],
  ] as const)('as %s throws, is told once and counted as %s', async (outcome, count) => {
    const { logged, authorize } = scene(() => {
      throw new SessionCheckFailed(outcome, 'it answered 500');
    });
    await expect(authorize(handshakeEvent())).rejects.toThrow(outcome);
    expect(logged.lines).toMatchObject([
      { level: 'error', message: `session check ${outcome}`, fields: { reason: 'it answered 500', connectionId } },
    ]);
    expect(logged.count(count)).toBe(1);
  });

  it('with an unexpected error throws, and is logged without its message', async () => {
    const { logged, authorize } = scene(() => {
      throw new TypeError(`cannot read ${sessionId}`);
    });
    await expect(authorize(handshakeEvent())).rejects.toThrow(TypeError);
    expect(logged.lines).toMatchObject([{ level: 'error', fields: { reason: 'an unexpected fault' } }]);
    expect(JSON.stringify(logged.lines)).not.toContain(sessionId);
    expect(logged.count('HandshakeUnavailable')).toBe(1);
  });

  // The secret is cached for five minutes, which may end between the request to PHP and the hash of its answer. The
  // second fetch used to fail without a log: a handshake failed with 500, and no line and no metric reported it.
  it('after PHP has accepted the session is logged as well', async () => {
    const { logged, dependencies } = scene();
    const authorize = createAuthorizer({
      ...dependencies,
      credentials: async () => {
        throw new SessionCheckFailed('unavailable', 'Secrets Manager answered 500');
      },
    });
    await expect(authorize(handshakeEvent())).rejects.toThrow('Secrets Manager answered 500');
    expect(logged.lines).toMatchObject([{ level: 'error', fields: { reason: 'Secrets Manager answered 500' } }]);
  });
});
