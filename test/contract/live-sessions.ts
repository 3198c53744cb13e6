import { describe, expect, it } from 'vitest';
import { connectionLifetime, type NewConnection } from '../../functions/core/connections/connection.ts';
import type { ConnectionRegistry } from '../../functions/core/connections/connection-registry.ts';
import type { LiveSessions } from '../../functions/core/sessions/live-sessions.ts';
import { ManualClock } from '../fakes/clock.ts';

interface Both {
  readonly registry: ConnectionRegistry;
  readonly live: LiveSessions;
}

const [hash, otherHash] = ['a'.repeat(64), 'b'.repeat(64)];
const gone = { principalId: 'user:9', connectionId: 'gone' };

/** The contract of every LiveSessions, together with the registry of the same connections. */
export function describeLiveSessions(name: string, create: (clock: ManualClock) => Promise<Both>): void {
  async function scene() {
    const clock = new ManualClock('2026-11-20T12:00:00.789Z');
    const { registry, live } = await create(clock);
    const nowSeconds = () => Math.floor(clock.now() / 1000);
    const add = async (connectionId: string, session: Partial<NewConnection> = {}) => {
      const connection = { principalId: 'user:1', connectionId, sessionHash: hash, ...session };
      await registry.add({ ...connection, connectedAt: clock.now() });
      return { principalId: connection.principalId, connectionId };
    };
    const due = async (endsBefore = nowSeconds() + 1) => {
      const found = [];
      for await (const page of live.due(endsBefore)) found.push(...page);
      return found.sort((a, b) => (a.connectionId < b.connectionId ? -1 : 1));
    };
    return { clock, registry, live, nowSeconds, add, due };
  }

  describe(`${name}: the due connections`, () => {
    it('are those with a due check, and those with a session that has ended', async () => {
      const { clock, nowSeconds, add, due } = await scene();
      await add('never');
      await add('later', { validUntil: nowSeconds() + 1, sessionExpiresAt: nowSeconds() + 1 });
      await add('check', { validUntil: nowSeconds(), sessionSeal: 'r1.x' });
      await add('ended', { sessionExpiresAt: nowSeconds() });
      const shown = { principalId: 'user:1', sessionHash: hash, connectedAt: clock.now(), welcomed: false };
      expect(await due()).toEqual([
        { ...shown, connectionId: 'check', validUntil: nowSeconds() },
        { ...shown, connectionId: 'ended', sessionExpiresAt: nowSeconds() },
      ]);
      expect((await due(nowSeconds() + 2)).map(({ connectionId }) => connectionId)).toEqual([
        'check',
        'ended',
        'later',
      ]);
      await clock.advance(1000);
      expect((await due()).map(({ connectionId }) => connectionId)).toEqual(['check', 'ended', 'later']);
    });

    it('include revoked ones, but no expired ones', async () => {
      const { clock, registry, nowSeconds, add, due } = await scene();
      const connection = await add('a', { validUntil: nowSeconds() });
      await registry.revoke(connection, clock.now(), 'revoked');
      expect(await due()).toHaveLength(1);
      await clock.advance(connectionLifetime * 1000);
      expect(await due()).toEqual([]);
    });

    it('come on many pages, without a gap', async () => {
      const { nowSeconds, add, due } = await scene();
      // DynamoDB reads at most 1 MB at a time.
      const sessionSeal = 'x'.repeat(45_000);
      await Promise.all(
        Array.from({ length: 120 }, (_, n) => add(`c${n}`, { sessionSeal, validUntil: nowSeconds() - (n % 2) + 1 })),
      );
      expect(await due()).toHaveLength(60);
    });
  });

  describe(`${name}: the session of a connection`, () => {
    it('has the values that it was added with', async () => {
      const { live, add } = await scene();
      const whole = { sessionSeal: 'r1.x', sessionExpiresAt: 1_900_000_000 };
      expect(await live.find(await add('a', whole))).toEqual({ sessionHash: hash, ...whole });
      expect(await live.find(await add('b'))).toEqual({ sessionHash: hash });
      expect(await live.find(gone)).toBeUndefined();
    });

    it('is extended, with an end and without one', async () => {
      const { clock, live, nowSeconds, add, due } = await scene();
      const a = await add('a', { validUntil: nowSeconds(), sessionExpiresAt: nowSeconds() + 60 });
      const [validUntil, sessionExpiresAt] = [nowSeconds() + 100, nowSeconds() + 200];
      expect(await live.prolong(a, hash, { validUntil, sessionExpiresAt })).toBe(true);
      expect(await live.find(a)).toEqual({ sessionHash: hash, sessionExpiresAt });
      await clock.advance(99_000);
      expect(await due()).toEqual([]);
      await clock.advance(1000);
      expect(await due()).toHaveLength(1);
      await live.prolong(a, hash, { validUntil: validUntil + 1000, sessionExpiresAt: undefined });
      expect(await live.find(a)).toEqual({ sessionHash: hash });
      expect(await due()).toEqual([]);
    });

    it('gets another id, seal and time, keeps its end, and is then found by the new id only', async () => {
      const { registry, live, nowSeconds, add, due } = await scene();
      const sessionExpiresAt = nowSeconds() + 3600;
      const a = await add('a', { sessionSeal: 'r1.x', validUntil: nowSeconds(), sessionExpiresAt });
      const to = { sessionHash: otherHash, sessionSeal: 'r1.y', validUntil: nowSeconds() + 60 };
      expect(await live.rebind(a, hash, to)).toBe(true);
      expect(await live.find(a)).toEqual({ sessionHash: otherHash, sessionSeal: 'r1.y', sessionExpiresAt });
      expect(await due()).toEqual([]);
      const idsOf = async (sessionHash: string) => {
        const found = [];
        for await (const page of registry.ofSession(sessionHash)) found.push(...page);
        return found.map(({ connectionId }) => connectionId);
      };
      expect([await idsOf(hash), await idsOf(otherHash)]).toEqual([[], ['a']]);
    });

    it('gets only another id if PHP is not asked again', async () => {
      const { live, add } = await scene();
      const a = await add('a');
      expect(await live.rebind(a, hash, { sessionHash: otherHash })).toBe(true);
      expect(await live.find(a)).toEqual({ sessionHash: otherHash });
    });

    it('is not changed for a connection that has left or has another session, and nothing is created', async () => {
      const { live, registry, nowSeconds, add } = await scene();
      const a = await add('a');
      const until = { validUntil: nowSeconds(), sessionExpiresAt: nowSeconds() };
      for (const [connection, sessionHash] of [
        [a, otherHash],
        [gone, hash],
      ] as const) {
        expect(await live.prolong(connection, sessionHash, until)).toBe(false);
        expect(await live.rebind(connection, sessionHash, { sessionHash: 'c'.repeat(64) })).toBe(false);
      }
      expect(await live.find(a)).toEqual({ sessionHash: hash });
      expect(await registry.holds(gone)).toBe(false);
      const found = [];
      for await (const page of registry.ofSession('c'.repeat(64))) found.push(...page);
      expect(found.map(({ connectionId }) => connectionId)).not.toContain('gone');
    });
  });
}
