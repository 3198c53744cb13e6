import { describe, expect, it } from 'vitest';
import { parseSchedule } from '../../local/schedule.ts';

const at = (time: string) => Date.parse(`2026-11-23T${time}Z`);

describe('a schedule', () => {
  it('rate comes due that long after the rule was created', () => {
    expect(parseSchedule('rate(1 minute)')(at('10:00:20'))).toBe(at('10:01:20'));
    expect(parseSchedule('rate(5 minutes)')(at('10:00:20'))).toBe(at('10:05:20'));
  });

  it('cron of every minute comes due at second 0 of the next one', () => {
    const everyMinute = parseSchedule('cron(* * * * ? *)');
    expect(everyMinute(at('10:00:20'))).toBe(at('10:01:00'));
    expect(everyMinute(at('10:01:00'))).toBe(at('10:02:00'));
    expect(everyMinute(at('10:00:59.999'))).toBe(at('10:01:00'));
  });

  it.each(['rate(1 minutes)', 'rate(5 minute)', 'rate(0 minutes)', 'rate(1 hour)', 'cron(0 12 * * ? *)', ''])(
    '%s is refused',
    (expression) => {
      expect(() => parseSchedule(expression)).toThrow('is not emulated');
    },
  );
});
