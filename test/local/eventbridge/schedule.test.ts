import { afterEach, describe, expect, it, vi } from 'vitest';
import { createClock } from '../../../local/clock.ts';
import { parseSchedule, startSchedules } from '../../../local/eventbridge/schedule.ts';
import type { InvokingService } from '../../../local/iam/invoke-permissions.ts';
import type { LocalFunction } from '../../../local/lambda/function.ts';
import type { Functions } from '../../../local/lambda/functions.ts';
import type { LogEntry } from '../../../local/log.ts';
import type { Value } from '../../../local/template/resolve.ts';
import { readProperties, type Stack, type StackResource } from '../../../local/template/stack.ts';

const at = (time: string) => Date.parse(`2026-11-23T${time}Z`);

describe('a schedule', () => {
  it('with a rate comes due one period after the creation of the rule', () => {
    expect(parseSchedule('rate(1 minute)')(at('10:00:20'))).toBe(at('10:01:20'));
    expect(parseSchedule('rate(5 minutes)')(at('10:00:20'))).toBe(at('10:05:20'));
  });

  it('with cron for every minute comes due at second 0 of the next minute', () => {
    const everyMinute = parseSchedule('cron(* * * * ? *)');
    expect(everyMinute(at('10:00:20'))).toBe(at('10:01:00'));
    expect(everyMinute(at('10:01:00'))).toBe(at('10:02:00'));
    expect(everyMinute(at('10:00:59.999'))).toBe(at('10:01:00'));
  });

  it.each(['rate(1 minutes)', 'rate(5 minute)', 'rate(0 minutes)', 'rate(1 hour)', 'cron(0 12 * * ? *)', ''])(
    'of the form "%s" is rejected',
    (expression) => {
      expect(() => parseSchedule(expression)).toThrow('is not emulated');
    },
  );
});

describe('a rule', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  function start(properties: Record<string, Value>, mayInvoke = true) {
    vi.useFakeTimers({ now: at('10:00:20') });
    const invoked: string[] = [];
    const rule: StackResource = {
      logicalId: 'Tick',
      type: 'AWS::Events::Rule',
      ref: 'Tick',
      properties: readProperties({ ScheduleExpression: 'cron(* * * * ? *)', ...properties }, 'Tick'),
      attribute: () => 'arn:aws:events:us-east-1:123456789012:rule/Tick',
    };
    const target = { logicalId: 'Worker' } as LocalFunction;
    const stack: Stack = {
      name: 'Chat',
      region: 'us-east-1',
      accountId: '123456789012',
      outputs: {},
      dependenciesOf: () => [],
      ofType: () => [rule],
    };
    const functions = { find: (arn: string) => (arn === 'worker' ? target : undefined) } as Functions;
    const invoker = { invoke: (_: unknown, payload: string) => void invoked.push(payload), close: () => undefined };
    const localize = (value: string) => value.replace('https://api', 'http://127.0.0.1');
    const entries: LogEntry[] = [];
    const permissions = {
      mayInvoke: ({ service, sourceArn }: InvokingService) =>
        mayInvoke && service === 'events.amazonaws.com' && sourceArn.endsWith(':rule/Tick'),
    };
    const clock = createClock();
    const log = (entry: LogEntry) => void entries.push(entry);
    const stop = startSchedules(stack, functions, invoker, clock, localize, log, permissions);
    return { stop, invoked, entries, clock };
  }

  it("invokes its target with EventBridge's event at every due time", () => {
    const { stop, invoked } = start({ Targets: [{ Arn: 'worker', Id: 'T' }] });
    vi.advanceTimersByTime(39_999);
    expect(invoked).toEqual([]);
    vi.advanceTimersByTime(60_001);
    expect(invoked.map((payload) => JSON.parse(payload))).toMatchObject([
      { 'detail-type': 'Scheduled Event', source: 'aws.events', time: '2026-11-23T10:01:00Z', detail: {} },
      { time: '2026-11-23T10:02:00Z', resources: ['arn:aws:events:us-east-1:123456789012:rule/Tick'] },
    ]);
    stop();
  });

  it("invokes its target with the template's Input, with URLs of this machine", () => {
    const { stop, invoked } = start({ Targets: [{ Arn: 'worker', Id: 'T', Input: '{"url":"https://api/prod"}' }] });
    vi.advanceTimersByTime(40_000);
    expect(invoked).toEqual(['{"url":"http://127.0.0.1/prod"}']);
    stop();
  });

  it('without permission to invoke the function logs that, and comes due again', () => {
    const { stop, invoked, entries } = start({ Targets: [{ Arn: 'worker', Id: 'T' }] }, false);
    vi.advanceTimersByTime(100_000);
    const refused = { kind: 'schedule-refused', rule: 'Tick', function: 'Worker' };
    expect([invoked, entries]).toEqual([[], [refused, refused]]);
    stop();
  });

  it('with state DISABLED never comes due', () => {
    const { invoked } = start({ State: 'DISABLED', Targets: [{ Arn: 'worker', Id: 'T' }] });
    vi.advanceTimersByTime(600_000);
    expect(invoked).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('stops when the local cloud is closed, and leaves no timer', () => {
    const { stop, invoked } = start({ Targets: [{ Arn: 'worker', Id: 'T' }] });
    vi.advanceTimersByTime(40_000);
    stop();
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(600_000);
    expect(invoked).toHaveLength(1);
  });

  it('follows the moved clock of the local cloud, minute by minute', () => {
    const { stop, invoked, clock } = start({ Targets: [{ Arn: 'worker', Id: 'T' }] });
    clock.advance(2 * 60_000);
    expect(invoked.map((payload) => JSON.parse(payload).time)).toEqual([
      '2026-11-23T10:01:00Z',
      '2026-11-23T10:02:00Z',
    ]);
    vi.advanceTimersByTime(40_000);
    expect(invoked).toHaveLength(3);
    stop();
    expect(vi.getTimerCount()).toBe(0);
  });

  // setTimeout fires at once for delays that are too long. Such a rule once came due a thousand times a second.
  it('with a period of a month waits for a month', () => {
    const { stop, invoked } = start({
      ScheduleExpression: 'rate(43200 minutes)',
      Targets: [{ Arn: 'worker', Id: 'T' }],
    });
    vi.advanceTimersByTime(60_000);
    expect(invoked).toEqual([]);
    vi.advanceTimersByTime(43_200 * 60_000);
    expect(invoked).toHaveLength(1);
    stop();
  });

  it('skips missed runs after a sleep of the machine', () => {
    const { stop, invoked } = start({ Targets: [{ Arn: 'worker', Id: 'T' }] });
    vi.setSystemTime(at('12:00:30'));
    vi.advanceTimersByTime(40_000);
    expect(invoked).toHaveLength(1);
    vi.advanceTimersByTime(60_000);
    expect(invoked.map((payload) => JSON.parse(payload).time)).toEqual([
      '2026-11-23T10:01:00Z',
      '2026-11-23T12:02:00Z',
    ]);
    stop();
  });

  it.each([
    [{ State: 'PAUSED' }, 'Tick.State: PAUSED is not emulated.'],
    [{ Targets: { Arn: 'worker' } }, 'Tick.Targets must be a list.'],
    [{ Targets: [null] }, 'Tick.Targets[0] must be an object.'],
  ])('refuses %j', (properties, sentence) => {
    expect(() => start(properties)).toThrow(sentence);
  });

  it.each([
    [
      'a property that is not obeyed',
      { Arn: 'worker', Id: 'T', InputPath: '$' },
      'the property InputPath is not emulated',
    ],
    ['a target outside the stack', { Arn: 'queue', Id: 'T' }, 'only functions of this stack can be targets'],
  ])('rejects %s with its path', (_, target, sentence) => {
    expect(() => start({ Targets: [target] })).toThrow(`Tick.Targets[0]: ${sentence}`);
  });
});
