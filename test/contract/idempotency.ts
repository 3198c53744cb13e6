import { describe, expect, it } from 'vitest';
import { answerMemory, attemptSeconds, type Idempotency } from '../../functions/core/http-api/idempotency.ts';
import { ManualClock } from '../fakes/clock.ts';

const attempt = { name: 'idempotency:/apps/app/events:one-of-mine', bodyHash: 'a'.repeat(64) };
const answer = '{"channels":{"presence-a":{"user_count":2}}}';

/** The contract of every Idempotency. `create` makes an empty one, with the time of `clock`. */
export function describeIdempotency(name: string, create: (clock: ManualClock) => Promise<Idempotency>): void {
  async function scene() {
    const clock = new ManualClock('2026-11-20T12:00:00.789Z');
    return { clock, idempotency: await create(clock) };
  }

  describe(`${name}: a request with a name`, () => {
    it('is begun once, and repetitions get its answer', async () => {
      const { idempotency } = await scene();
      expect(await idempotency.begin(attempt)).toBe('ours');
      expect(await idempotency.begin(attempt)).toBe('under-way');
      await idempotency.finish(attempt, answer);
      expect(await idempotency.begin(attempt)).toEqual({ answer });
      expect(await idempotency.begin(attempt)).toEqual({ answer });
    });

    it('is begun by exactly one of many callers at once', async () => {
      const { idempotency } = await scene();
      const beginnings = await Promise.all(Array.from({ length: 20 }, () => idempotency.begin(attempt)));
      expect(beginnings.filter((beginning) => beginning !== 'under-way')).toEqual(['ours']);
    });

    it('is another request with another body, begun or answered', async () => {
      const { clock, idempotency } = await scene();
      const other = { ...attempt, bodyHash: 'b'.repeat(64) };
      await idempotency.begin(attempt);
      expect(await idempotency.begin(other)).toBe('other-request');
      await clock.advance(attemptSeconds * 1000);
      expect(await idempotency.begin(other)).toBe('other-request');
      await idempotency.finish(attempt, answer);
      expect(await idempotency.begin(other)).toBe('other-request');
      expect(await idempotency.begin({ ...other, name: `${attempt.name}-2` })).toBe('ours');
    });

    it('is begun again by exactly one caller after the first one died', async () => {
      const { clock, idempotency } = await scene();
      await idempotency.begin(attempt);
      await clock.advance(attemptSeconds * 1000 - 1000);
      expect(await idempotency.begin(attempt)).toBe('under-way');
      await clock.advance(1000);
      const beginnings = await Promise.all(Array.from({ length: 5 }, () => idempotency.begin(attempt)));
      expect(beginnings.filter((beginning) => beginning !== 'under-way')).toEqual(['ours']);
    });

    it('is begun again at once after abandon, which removes no answer', async () => {
      const { idempotency } = await scene();
      await idempotency.begin(attempt);
      await idempotency.abandon(attempt);
      expect(await idempotency.begin(attempt)).toBe('ours');
      await idempotency.finish(attempt, answer);
      await idempotency.abandon(attempt);
      expect(await idempotency.begin(attempt)).toEqual({ answer });
    });

    it('may be abandoned without being begun', async () => {
      const { idempotency } = await scene();
      await idempotency.abandon(attempt);
      expect(await idempotency.begin(attempt)).toBe('ours');
    });

    it('is forgotten after a day, although its row may still exist', async () => {
      const { clock, idempotency } = await scene();
      await idempotency.begin(attempt);
      await idempotency.finish(attempt, answer);
      await clock.advance(answerMemory * 1000 - 1000);
      expect(await idempotency.begin(attempt)).toEqual({ answer });
      await clock.advance(1000);
      expect(await idempotency.begin({ ...attempt, bodyHash: 'b'.repeat(64) })).toBe('ours');
    });
  });
}
