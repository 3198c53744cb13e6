import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { createLeave } from '../../functions/core/channels/leave.ts';
import { type Question, sealAtRest } from '../../functions/core/handshake/question.ts';
import { type Session, SessionCheckFailed } from '../../functions/core/handshake/session.ts';
import { deriveCredentials, hashSessionId } from '../../functions/core/keys/credentials.ts';
import { type Refusal, refuse } from '../../functions/core/refusal.ts';
import { createAdopt } from '../../functions/core/sessions/adopt.ts';
import { createCloseConnections } from '../../functions/core/sessions/close-connections.ts';
import { createPoll } from '../../functions/core/sessions/poll.ts';
import { createRecheck } from '../../functions/core/sessions/recheck.ts';
import { createRevalidateSessions } from '../../functions/core/sessions/revalidate.ts';
import { createCloseAtTheEnd } from '../../functions/core/sessions/session-ends.ts';
import { createRevalidate } from '../../functions/revalidate.ts';
import { MemoryClaims } from '../fakes/claims.ts';
import { ManualClock } from '../fakes/clock.ts';
import { MemoryGuard } from '../fakes/guard-memory.ts';
import { LoggedLines } from '../fakes/logged-lines.ts';
import { failNext, justBefore } from '../fakes/order.ts';
import { MemoryRegistry } from '../fakes/registry.ts';
import { MemoryRevocations } from '../fakes/revocations.ts';
import { FakeSockets } from '../fakes/sockets.ts';
import { MemorySubscriptions } from '../fakes/subscriptions.ts';

const credentials = deriveCredentials({ appId: 'app', key: 'key', secret: 'open sesame' });

async function scene({ sessions: count = 1, claims = new MemoryClaims(new ManualClock()) } = {}) {
  const clock = new ManualClock();
  const registry = new MemoryRegistry(clock);
  const sender = new FakeSockets(clock);
  const logged = new LoggedLines();
  const php = {
    answer: (sessionId: string): Session | Refusal => ({ sessionId }),
    /** Milliseconds that each answer takes, in the order of the requests. */
    takes: [] as number[],
    asked: 0,
  };
  const sessions = {
    async find({ sessionId }: Question) {
      php.asked += 1;
      const takes = php.takes.shift();
      if (takes !== undefined) await clock.pause(takes);
      return php.answer(sessionId ?? '');
    },
  };
  for (let n = 0; n < count; n += 1) {
    const sessionId = `s${n}`;
    const sessionHash = hashSessionId(credentials, sessionId);
    const question = { cookieHeader: `SID=${sessionId}`, sessionId };
    const sessionSeal = sealAtRest(question, sessionHash, credentials, randomBytes(12));
    sender.open(`tab${n}`);
    const validUntil = Math.floor(clock.now() / 1000);
    await registry.seat(`tab${n}`, { principalId: `session:${sessionHash}`, sessionHash, sessionSeal, validUntil });
  }
  const guard = new MemoryGuard(clock);
  const leaveChannel = async () => true;
  const leave = createLeave(registry, leaveChannel);
  const closeConnections = createCloseConnections({ registry, sender, leaveChannel, leave, clock });
  const revocations = new MemoryRevocations(clock);
  const adopt = createAdopt({ registry, subscriptions: new MemorySubscriptions(clock), revocations, clock });
  const interval = 600;
  const held = async () => credentials;
  const recheck = createRecheck({ live: registry, sessions, credentials: held, interval, atOnce: 4, clock });
  const poll = createPoll({ recheck, guard, interval, clock, random: Math.random });
  const run = createRevalidate({
    claims,
    revalidateSessions: createRevalidateSessions({ live: registry, adopt, closeConnections, clock }),
    closeAtTheEnd: createCloseAtTheEnd({ live: registry, closeConnections, clock }),
    polling: { poll, guard, interval, timeoutMs: 20_000 },
    clock,
    log: logged.log,
  });
  return { clock, registry, revocations, sender, logged, php, claims, guard, run };
}

it('logs the outcome of the checks in one line, which is the metric as well', async () => {
  const { php, logged, run } = await scene({ sessions: 3 });
  php.answer = (sessionId) => (sessionId === 's0' ? refuse('not-logged-in') : { sessionId });
  await run();
  expect(logged.lines).toEqual([
    {
      level: 'info',
      message: 'revalidated',
      fields: { gone: 0 },
      counts: { Rechecked: 3, RecheckLost: 1, RecheckFailed: 0, RecheckLate: 0, Ended: 1, EndFailed: 0 },
    },
  ]);
});

it('waits for a session that ends before the next run, and closes its socket at that end while other runs ask PHP', async () => {
  const { clock, registry, sender, logged, claims, run } = await scene({ sessions: 0 });
  sender.open('mortal');
  await registry.seat('mortal', { sessionExpiresAt: Math.floor(clock.now() / 1000) + 40 });
  const running = run();
  await clock.advance(39_000);
  expect([sender.isOpen('mortal'), claims.isHeld('revalidate')]).toEqual([true, false]);
  await clock.advance(1_000);
  await running;
  expect(sender.isOpen('mortal')).toBe(false);
  expect(logged.lines).toEqual([
    { level: 'info', message: 'closed at the end', fields: { gone: 0 }, counts: { Ended: 1, EndFailed: 0 } },
  ]);
});

it('waits for the end of a session that PHP has just returned', async () => {
  const { php, clock, sender, run } = await scene({ sessions: 1 });
  const expiresAt = Math.floor(clock.now() / 1000) + 20;
  php.answer = (sessionId) => ({ sessionId, expiresAt });
  const running = run();
  await clock.advance(20_000);
  await running;
  expect(sender.isOpen('tab0')).toBe(false);
});

it('closes sessions at their end although the run fails', async () => {
  const { php, clock, registry, sender, run } = await scene({ sessions: 30 });
  php.answer = () => refuse('not-logged-in');
  sender.open('mortal');
  await registry.seat('mortal', { sessionExpiresAt: Math.floor(clock.now() / 1000) + 40 });
  const running = expect(run()).rejects.toThrow('No socket is closed for that');
  await clock.advance(40_000);
  await running;
  expect([sender.isOpen('mortal'), sender.isOpen('tab0')]).toEqual([false, true]);
});

it('writes the owners of connections of 0.1.0, and closes those that were already logged out', async () => {
  const { clock, registry, revocations, sender, run } = await scene({ sessions: 0 });
  for (const id of ['kept', 'ended']) {
    sender.open(id);
    registry.makeOld(await registry.seat(id, { sessionHash: id.padEnd(64, '0') }));
  }
  await clock.advance(1_000);
  await revocations.add(`session:${'ended'.padEnd(64, '0')}`, clock.now());
  await run();
  expect([sender.isOpen('kept'), sender.isOpen('ended')]).toEqual([true, false]);
  expect(sender.framesHeardBy('ended')).toMatchObject([{ event: 'pusher:error', data: { code: 4009 } }]);
});

it('logs nothing in a minute without due sessions', async () => {
  const { logged, run } = await scene({ sessions: 0 });
  await run();
  expect(logged.lines).toEqual([]);
});

it('logs the reason for failed checks once, not for each socket', async () => {
  const { php, logged, run } = await scene({ sessions: 50 });
  php.answer = () => {
    throw new SessionCheckFailed('unavailable', 'it answered 503');
  };
  await run();
  const errors = logged.lines.filter(({ level }) => level === 'error');
  expect(errors).toMatchObject([{ message: 'session check unavailable', fields: { reason: 'it answered 503' } }]);
  expect(logged.count('RecheckFailed') + logged.count('RecheckLate')).toBe(50);
});

it('fails when implausibly many users are logged out, so that the alarm goes off, and closes nothing', async () => {
  const { php, sender, logged, claims, run } = await scene({ sessions: 30 });
  php.answer = () => refuse('not-logged-in');
  await expect(run()).rejects.toThrow(
    '30 of 30 users were logged out within one check interval. No socket is closed for that',
  );
  expect(sender.isOpen('tab0')).toBe(true);
  expect(logged.count('RecheckLost')).toBe(30);
  expect(claims.isHeld('revalidate')).toBe(false);
});

it('fails each minute while the guard holds, until an operator releases it and gets a confirmation', async () => {
  const { php, clock, registry, logged, run } = await scene({ sessions: 30 });
  php.answer = () => refuse('not-logged-in');
  for (let minute = 0; minute < 3; minute += 1) {
    await expect(run()).rejects.toThrow('No socket is closed for that');
    await clock.advance(60_000);
  }
  expect(await run({ release: true })).toBe(
    'The guard is off until 2026-11-20T12:15:00.000Z. Sockets of users who are logged out close from the next minute on.',
  );
  expect(logged.lines.at(-1)).toMatchObject({ level: 'warn', message: 'guard released' });
  expect(registry.rows).toHaveLength(30);
  await run();
  expect(registry.rows).toHaveLength(0);
});

it('releases nothing while the guard does not hold, or for another event', async () => {
  const { php, guard, run } = await scene({ sessions: 30 });
  expect(await run({ release: true })).toBe('The guard does not hold, so nothing is released.');
  expect(php.asked).toBe(0);
  php.answer = () => refuse('not-logged-in');
  await expect(run()).rejects.toThrow('No socket is closed');
  for (const event of [{ release: 'true' }, { released: true }, 'release', null]) {
    await expect(run(event)).rejects.toThrow('No socket is closed');
  }
  expect(await guard.isReleased()).toBe(false);
});

// At night nobody may connect, so nothing else reports that a firewall blocks PHP.
it('fails from the third minute without an answer from PHP', async () => {
  const { php, clock, sender, run } = await scene({ sessions: 30 });
  php.answer = () => {
    throw new SessionCheckFailed('unavailable', 'it answered 503');
  };
  const outcomes: unknown[] = [];
  for (let minute = 0; minute < 5; minute += 1) {
    outcomes.push(await run().catch((error: Error) => error.message));
    await clock.advance(60_000);
  }
  const alarm = 'PHP has not answered any session check for three minutes. Sockets stay open.';
  expect(outcomes).toEqual([undefined, undefined, alarm, alarm, alarm]);
  expect(sender.isOpen('tab0')).toBe(true);
});

it('logs that it has closed a session without an answer', async () => {
  const { php, clock, registry, logged, run } = await scene({ sessions: 30 });
  php.answer = (sessionId) => {
    if (sessionId === 's7') throw new SessionCheckFailed('unavailable', 'it did not answer in time');
    return { sessionId };
  };
  for (let minute = 0; minute < 5; minute += 1) {
    expect(registry.rows).toHaveLength(30);
    await run();
    await clock.advance(60_000);
  }
  expect(logged.lines.filter(({ level }) => level === 'warn')).toMatchObject([
    { message: 'closed without an answer', fields: { sessions: 1 } },
  ]);
  expect(registry.rows).toHaveLength(29);
});

// Otherwise a slow PHP would keep sockets open: each run would ask until no time is left for closing.
it('closes ended sessions in the same run although PHP takes the whole timeout for each answer', async () => {
  const { php, clock, logged, run } = await scene({ sessions: 13 });
  php.answer = () => refuse('not-logged-in');
  php.takes = [9_000, ...Array.from({ length: 12 }, () => 20_000)];
  const begin = clock.now();
  await clock.finish(run());
  expect(clock.now() - begin).toBeLessThan(42_000);
  expect([php.asked, logged.count('Ended'), logged.count('RecheckLate')]).toEqual([5, 5, 8]);
});

it('fails when a socket could not be closed', async () => {
  const { php, clock, sender, logged, run } = await scene();
  php.answer = () => refuse('not-logged-in');
  sender.break('tab0');
  const running = run();
  const failed = expect(running).rejects.toThrow('1 sockets could not be closed');
  await clock.finish(running.catch(() => undefined));
  await failed;
  expect(logged.count('EndFailed')).toBe(1);
});

it('checks sessions once when two runs overlap', async () => {
  const { php, logged, run } = await scene({ sessions: 5 });
  await Promise.all([run(), run()]);
  expect(php.asked).toBe(5);
  expect(logged.messages).toEqual(['revalidated']);
});

it('asks nothing while another run holds the lease', async () => {
  const { registry, php, run } = await scene();
  justBefore(registry, 'find', run);
  await run();
  expect(php.asked).toBe(1);
});

it('checks sessions again in the minute after a run that died', async () => {
  const clock = new ManualClock();
  const claims = new MemoryClaims(clock);
  const { php, run } = await scene({ claims });
  await claims.claim('revalidate', Math.floor(clock.now() / 1000) + 58);
  await run();
  expect(php.asked).toBe(0);
  await clock.advance(60_000);
  await run();
  expect(php.asked).toBe(1);
});

it('succeeds although the lease cannot be released, because it expires', async () => {
  const { claims, php, run } = await scene();
  failNext(claims, 'release');
  await run();
  expect(php.asked).toBe(1);
});

// A run that began late still holds the lease when the next one begins. The next one must not leave ends to a later
// run.
it('closes sessions at their end while another run asks PHP', async () => {
  const { clock, registry, sender, claims, php, run } = await scene();
  sender.open('short');
  await registry.seat('short', { sessionExpiresAt: Math.floor(clock.now() / 1000) + 60 });
  await claims.claim('revalidate', Number.POSITIVE_INFINITY);
  await clock.finish(run());
  expect([sender.isOpen('short'), php.asked]).toEqual([false, 0]);
});

it('closes sessions at the instant in Connect’s event, without asking PHP', async () => {
  const { clock, registry, sender, php, run } = await scene();
  const endsAt = Math.floor(clock.now() / 1000) + 30;
  for (const [id, sessionExpiresAt] of [
    ['over', endsAt - 1],
    ['later', endsAt + 40],
  ] as const) {
    sender.open(id);
    await registry.seat(id, { sessionExpiresAt });
  }
  const running = run({ endsAt });
  await clock.advance(29_000);
  expect(sender.isOpen('over')).toBe(true);
  await clock.advance(1_000);
  await running;
  expect([sender.isOpen('over'), sender.isOpen('later'), php.asked]).toEqual([false, true, 0]);
});
