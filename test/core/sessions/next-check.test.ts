import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { nextCheck } from '../../../functions/core/sessions/live-sessions.ts';

const now = 1_790_000_000_123;
const nowSeconds = Math.ceil(now / 1000);
const hashOf = (name: string) => createHash('sha256').update(name).digest('hex');

describe('the next check of a session', () => {
  it('is at least half a minute away, and at most the interval later', () => {
    for (let n = 0; n < 1000; n += 1) {
      const next = nextCheck({ sessionHash: hashOf(`s${n}`) }, 600, now);
      expect(next).toBeGreaterThanOrEqual(nowSeconds + 30);
      expect(next).toBeLessThan(nowSeconds + 30 + 600);
    }
  });

  it('is the same for all its sockets, so that one question serves them', () => {
    const life = { sessionHash: hashOf('one') };
    const first = nextCheck(life, 600, now);
    for (let later = 0; later < first - nowSeconds - 30; later += 7) {
      expect(nextCheck(life, 600, now + later * 1000)).toBe(first);
    }
    expect(nextCheck(life, 600, first * 1000)).toBe(first + 600);
  });

  it('is spread evenly over the interval if 10,000 sessions begin at once', () => {
    const minutes = new Array(11).fill(0);
    for (let n = 0; n < 10_000; n += 1) {
      const next = nextCheck({ sessionHash: hashOf(`s${n}`) }, 600, now);
      minutes[Math.floor((next - nowSeconds - 30) / 60)] += 1;
    }
    for (const count of minutes.slice(0, 10)) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });

  it('is once before the end that PHP named, and never after it, so that an extended session stays open', () => {
    for (let n = 0; n < 1000; n += 1) {
      const sessionExpiresAt = nowSeconds + n;
      const next = nextCheck({ sessionHash: hashOf(`s${n}`), sessionExpiresAt }, 600, now);
      expect(next).toBeLessThanOrEqual(sessionExpiresAt);
      if (n >= 120) expect(next).toBeLessThanOrEqual(sessionExpiresAt - 90);
    }
  });
});
