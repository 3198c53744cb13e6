import { describe, expect, it } from 'vitest';
import { createRefusalLog } from '../../functions/core/refusal-log.ts';
import { ManualClock } from '../fakes/clock.ts';

function scene() {
  const clock = new ManualClock(Date.parse('2026-11-30T09:00:00.000Z'));
  return { clock, log: createRefusalLog(clock) };
}

describe('refusals for one reason in one Lambda environment', () => {
  it('log the first in a minute and count the others', () => {
    const { log } = scene();
    expect([1, 2, 3].map(() => log.isWritten('malformed-token'))).toEqual([true, false, false]);
    expect(log.isWritten('expired-ticket')).toBe(true);
  });

  it('log their count once, at the first invocation after the minute, even if that one is not refused', async () => {
    const { clock, log } = scene();
    for (let times = 0; times < 42; times += 1) log.isWritten('malformed-token');
    await clock.advance(59_999);
    expect(log.flush()).toEqual([]);
    await clock.advance(1);
    expect(log.flush()).toEqual([{ reason: 'malformed-token', suppressed: 41, since: '2026-11-30T09:00:00.000Z' }]);
    expect(log.flush()).toEqual([]);
  });

  it('log the next one after the minute again', async () => {
    const { clock, log } = scene();
    log.isWritten('malformed-token');
    log.isWritten('malformed-token');
    await clock.advance(60_000);
    log.flush();
    expect(log.isWritten('malformed-token')).toBe(true);
  });

  it('log no count if nothing was suppressed', async () => {
    const { clock, log } = scene();
    log.isWritten('malformed-token');
    await clock.advance(3_600_000);
    expect(log.flush()).toEqual([]);
  });

  it('lose none: the logged and the suppressed ones add up', async () => {
    const { clock, log } = scene();
    let [written, suppressed] = [0, 0];
    const invoke = (reason: string | undefined) => {
      for (const each of log.flush()) suppressed += each.suppressed;
      if (reason !== undefined && log.isWritten(reason)) written += 1;
    };
    for (let times = 0; times < 1000; times += 1) {
      invoke(`reason-${times % 7}`);
      await clock.advance(777);
    }
    await clock.advance(60_000);
    invoke(undefined);
    expect(written + suppressed).toBe(1000);
    // Seven reasons in the thirteen minutes.
    expect(written).toBeLessThanOrEqual(7 * 13);
  });
});
