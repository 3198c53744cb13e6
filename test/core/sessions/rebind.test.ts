import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createLeave } from '../../../functions/core/channels/leave.ts';
import { openAtRest, sealAtRest } from '../../../functions/core/handshake/question.ts';
import { deriveCredentials, hashSessionId } from '../../../functions/core/keys/credentials.ts';
import { createCloseConnections } from '../../../functions/core/sessions/close-connections.ts';
import { createRebind } from '../../../functions/core/sessions/rebind.ts';
import { createRevoke } from '../../../functions/core/sessions/revoke.ts';
import { MemoryClaims } from '../../fakes/claims.ts';
import { ManualClock } from '../../fakes/clock.ts';
import { failNext, justBefore } from '../../fakes/order.ts';
import { MemoryRegistry } from '../../fakes/registry.ts';
import { MemoryRevocations } from '../../fakes/revocations.ts';
import { FakeSockets } from '../../fakes/sockets.ts';
import { type Contents, contents, sealTicket } from '../../fakes/ticket.ts';

const credentials = deriveCredentials({ appId: 'app', key: 'key', secret: 'open sesame' });
const [before, after] = [hashSessionId(credentials, 'before'), hashSessionId(credentials, 'after')];

/** Two tabs of user 42's session, another session of the same user, and a tab of the session from before the login. */
async function scene({ asksAgain = true } = {}) {
  const revalidateSeconds = asksAgain ? 600 : undefined;
  const clock = new ManualClock();
  const registry = new MemoryRegistry(clock);
  const revocations = new MemoryRevocations(clock);
  const claims = new MemoryClaims(clock);
  const sender = new FakeSockets(clock).open('tab1', 'tab2', 'phone', 'nameless');
  const question = { cookieHeader: 'SID=before', sessionId: 'before', userAgent: 'Firefox' };
  const sessionSeal = sealAtRest(question, before, credentials, randomBytes(12));
  const sealed = asksAgain ? { sessionSeal, validUntil: 1 } : {};
  await registry.seat('tab1', { principalId: 'user:42', sessionHash: before, ...sealed });
  await registry.seat('tab2', { principalId: 'user:42', sessionHash: before, ...sealed });
  await registry.seat('phone', { principalId: 'user:42', sessionHash: 'c'.repeat(64), ...sealed });
  await registry.seat('nameless', { principalId: `session:${before}`, sessionHash: before, ...sealed });
  const leaveChannel = async () => true;
  const leave = createLeave(registry, leaveChannel);
  const closeConnections = createCloseConnections({ registry, sender, leaveChannel, leave, clock });
  const rebind = createRebind({
    registry,
    live: registry,
    revocations,
    claims,
    credentials: async () => credentials,
    closeConnections,
    revalidateSeconds,
    newIv: () => randomBytes(12),
    clock,
  });
  const revoke = createRevoke({ registry, revocations, closeConnections, clock });
  const ticket = (changes: Contents = {}) =>
    sealTicket(
      credentials,
      contents(clock.now() / 1000, { c: 'SID=after', s: 'after', i: { userId: '42' }, ...changes }),
    );
  const run = (text = ticket(), who: { userId?: string } = { userId: '42' }) =>
    clock.finish(rebind({ sessionHash: before, ...who, ticket: text }, clock.now() + 20_000));
  const rowOf = (id: string) => registry.rows.find(({ connectionId }) => connectionId === id);
  const logOut = (sessionHash: string) => revoke({ userId: '42', sessionHash }, clock.now() + 20_000);
  return { clock, registry, revocations, sender, ticket, run, rowOf, logOut };
}

describe('a session with another id', () => {
  it('keeps its sockets open with the same principal, and changes no other session’s', async () => {
    const { run, rowOf, sender, clock } = await scene();
    expect(await run()).toMatchObject({ rebound: 2, failed: 0 });
    for (const id of ['tab1', 'tab2']) {
      const { principalId, sessionHash = '', sessionSeal = '', validUntil } = rowOf(id) ?? {};
      expect([principalId, sessionHash, sender.isOpen(id), sender.heardBy(id)]).toEqual(['user:42', after, true, []]);
      const question = { cookieHeader: 'SID=after', sessionId: 'after', userAgent: 'Firefox' };
      expect(openAtRest(sessionSeal, sessionHash, credentials)).toEqual(question);
      expect(validUntil).toBeGreaterThan(clock.now() / 1000);
    }
    expect(rowOf('phone')?.sessionHash).toBe('c'.repeat(64));
  });

  it('makes sockets without a user reconnect, because the principal of a socket never changes', async () => {
    const { run, sender } = await scene();
    expect(await run()).toMatchObject({ ended: { found: 1, closed: 1 } });
    expect(sender.framesHeardBy('nameless')).toMatchObject([{ event: 'pusher:error', data: { code: 4200 } }]);
    expect(sender.isOpen('nameless')).toBe(false);
  });

  it('without a user makes all its sockets reconnect', async () => {
    const { registry, run, ticket, sender } = await scene();
    expect(await run(ticket({ i: undefined }), {})).toMatchObject({ rebound: 0, ended: { closed: 3 } });
    for (const id of ['tab1', 'tab2', 'nameless']) {
      expect(sender.framesHeardBy(id)).toMatchObject([{ event: 'pusher:error', data: { code: 4200 } }]);
      expect(sender.isOpen(id)).toBe(false);
    }
    expect(registry.rows).toMatchObject([{ connectionId: 'phone' }]);
  });

  it('stores no question if PHP is not asked again', async () => {
    const { run, rowOf } = await scene({ asksAgain: false });
    await run();
    expect(rowOf('tab1')).toMatchObject({ sessionHash: after });
    expect(rowOf('tab1')).not.toHaveProperty('sessionSeal');
    expect(rowOf('tab1')).not.toHaveProperty('validUntil');
  });

  it('may have no sockets', async () => {
    const { registry, run } = await scene();
    for (const row of registry.rows) await registry.leave(row);
    expect(await run()).toMatchObject({ rebound: 0, failed: 0, ended: { found: 0 } });
  });

  it.each([
    ['clock is ours', 0],
    ['clock is ahead', 4],
  ])(
    'closes its sockets if a logout with the new id came before they had it, with a PHP whose %s',
    async (_, ahead) => {
      const { clock, registry, run, ticket, logOut, sender } = await scene();
      const sealedAt = clock.now() / 1000 + ahead;
      justBefore(registry, 'rebind', () => logOut(after));
      await run(ticket({ iat: sealedAt, exp: sealedAt + 30 }));
      expect(['tab1', 'tab2', 'phone'].map((id) => sender.isOpen(id))).toEqual([false, false, true]);
      expect(sender.framesHeardBy('tab1')).toMatchObject([{ event: 'pusher:error', data: { code: 4009 } }]);
    },
  );

  it('counts a socket that could not be rebound, so that PHP is told', async () => {
    const { registry, run } = await scene();
    failNext(registry, 'rebind');
    expect(await run()).toMatchObject({ rebound: 1, failed: 1 });
  });
});

describe('a handshake with the old id during a rebind', () => {
  it('finds the revocation of the old id, which is written before the connections are read', async () => {
    const { clock, registry, revocations, run } = await scene();
    const authorizedAt = clock.now();
    failNext(registry, 'rebind');
    await run();
    expect(await revocations.isRevokedSince([`session:${before}`], authorizedAt)).toBe(true);
    expect(await revocations.isRevokedSince([`session:${after}`, 'user:42'], 0)).toBe(false);
  });

  it('is not possible if the revocation cannot be written, because nothing changes', async () => {
    const { revocations, run, rowOf } = await scene();
    failNext(revocations, 'add');
    await expect(run()).rejects.toThrow('the network is down');
    expect(rowOf('tab1')?.sessionHash).toBe(before);
  });
});

describe('a rebind changes nothing', () => {
  async function unchangedAfter(run: (the: Awaited<ReturnType<typeof scene>>) => Promise<unknown>) {
    const the = await scene();
    const rows = structuredClone(the.registry.rows);
    const outcome = await run(the);
    expect(the.registry.rows).toEqual(rows);
    expect(the.sender.isOpen('nameless')).toBe(true);
    expect(the.revocations.names).toEqual([]);
    return outcome;
  }

  it.each<[string, Contents, string]>([
    ['of another user', { i: { userId: '43' } }, 'changed-user'],
    ['of nobody', { i: undefined }, 'changed-user'],
    ['of a user whose id is no text', { i: { userId: 42 } }, 'incomplete-ticket'],
    ['that has expired', { iat: 1_790_000_000, exp: 1_790_000_030 }, 'expired-ticket'],
    ['without a cookie', { c: undefined }, 'incomplete-ticket'],
  ])('with a ticket %s', async (_, changes, refused) => {
    expect(await unchangedAfter(({ run, ticket }) => run(ticket(changes)))).toMatchObject({ refused });
  });

  it('with an invalid ticket, or one of another secret', async () => {
    expect(await unchangedAfter(({ run }) => run('t1.key.x'))).toMatchObject({ refused: 'malformed-ticket' });
    const foreign = sealTicket({ ...credentials, secret: 'other' }, contents(1_790_000_000));
    expect(await unchangedAfter(({ run }) => run(foreign))).toMatchObject({ refused: 'unreadable-ticket' });
  });

  it('with a ticket that was already used', async () => {
    const { run, ticket, rowOf } = await scene();
    const text = ticket();
    await run(text);
    const row = { ...rowOf('tab1') };
    expect(await run(text)).toMatchObject({ refused: 'used-ticket' });
    expect(rowOf('tab1')).toEqual(row);
  });
});
