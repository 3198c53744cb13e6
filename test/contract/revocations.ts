import { describe, expect, it } from 'vitest';
import { type Revocations, revocationMemory } from '../../functions/core/connections/revocations.ts';
import { ManualClock } from '../fakes/clock.ts';

/** The contract of every Revocations. */
export function describeRevocations(name: string, create: (clock: ManualClock) => Promise<Revocations>): void {
  async function scene() {
    const clock = new ManualClock();
    const revocations = await create(clock);
    await revocations.add('user:1', clock.now());
    return { clock, revocations, at: clock.now() };
  }

  describe(`${name}: a revocation`, () => {
    it('applies to instants before it or in the same millisecond, and not to later ones', async () => {
      const { revocations, at } = await scene();
      expect(await revocations.isRevokedSince(['user:1'], at - 1)).toBe(true);
      expect(await revocations.isRevokedSince(['user:1'], at)).toBe(true);
      expect(await revocations.isRevokedSince(['user:1'], at + 1)).toBe(false);
    });

    it('applies to one owner, and is found among several', async () => {
      const { revocations, at } = await scene();
      expect(await revocations.isRevokedSince(['user:2', 'session:1'], at)).toBe(false);
      expect(await revocations.isRevokedSince(['session:1', 'user:1'], at)).toBe(true);
      expect(await revocations.isRevokedSince([], at)).toBe(false);
    });

    it('may be repeated, and then the last one counts', async () => {
      const { clock, revocations, at } = await scene();
      await clock.advance(1000);
      await revocations.add('user:1', clock.now());
      expect(await revocations.isRevokedSince(['user:1'], at + 1)).toBe(true);
    });

    // A retried write may arrive seconds after a newer one.
    it('is not replaced by an older one that is written later', async () => {
      const { revocations, at } = await scene();
      await revocations.add('user:1', at - 1000);
      expect(await revocations.isRevokedSince(['user:1'], at)).toBe(true);
    });

    it('is forgotten after its time, although its row may still exist', async () => {
      const { clock, revocations, at } = await scene();
      await clock.advance((revocationMemory - 1) * 1000);
      expect(await revocations.isRevokedSince(['user:1'], at)).toBe(true);
      await clock.advance(1000);
      expect(await revocations.isRevokedSince(['user:1'], at)).toBe(false);
    });
  });
}
