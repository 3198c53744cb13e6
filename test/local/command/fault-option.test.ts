import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../local/command/arguments.ts';
import { faultHelp, parseFault } from '../../../local/command/fault-option.ts';
import { type Fault, serviceNames } from '../../../local/faults.ts';

describe('--fault', () => {
  it.each<[string, Fault]>([
    ['drop-disconnect', { kind: 'drop-disconnect' }],
    ['cut', { kind: 'cut' }],
    ['delay:dynamodb:200ms', { kind: 'delay', service: 'dynamodb', ms: 200 }],
    ['delay:connections:1.5s', { kind: 'delay', service: 'connections', ms: 1500 }],
    ['fail:secretsmanager', { kind: 'fail', service: 'secretsmanager' }],
    ['throttle:connections', { kind: 'throttle', service: 'connections' }],
    ['kill', { kind: 'kill' }],
    ['kill:MyFunction', { kind: 'kill', function: 'MyFunction' }],
    ['skew:5s', { kind: 'skew', ms: 5000 }],
    ['skew:-5s:MyFunction', { kind: 'skew', ms: -5000, function: 'MyFunction' }],
    ['skew:2m', { kind: 'skew', ms: 120_000 }],
    ['cut@10%', { kind: 'cut', probability: 0.1 }],
    ['cut@0.5%', { kind: 'cut', probability: 0.005 }],
    ['cutx3', { kind: 'cut', times: 3 }],
    ['cut x3', { kind: 'cut', times: 3 }],
    ['fail:lambda@10%x3', { kind: 'fail', service: 'lambda', probability: 0.1, times: 3 }],
    ['fail:lambda @10% x3', { kind: 'fail', service: 'lambda', probability: 0.1, times: 3 }],
    ['kill:Box3@100%', { kind: 'kill', function: 'Box3', probability: 1 }],
  ])('%s is understood', (text, fault) => {
    expect(parseFault(text)).toEqual(fault);
  });

  it.each([
    ['', 'it is written like fail:dynamodb@10%x3.'],
    ['cut@10', 'it is written like fail:dynamodb@10%x3.'],
    ['cut 3', 'it is written like fail:dynamodb@10%x3.'],
    ['explode', 'there is no such fault, but drop-disconnect, cut, delay, fail, throttle, kill, skew.'],
    ['constructor', 'there is no such fault, but drop-disconnect, cut, delay, fail, throttle, kill, skew.'],
    ['cut:Message', 'it is written cut.'],
    ['drop-disconnect:1', 'it is written drop-disconnect.'],
    ['delay:dynamodb', 'it is written delay:SERVICE:TIME.'],
    ['delay:dynamodb:1s:x', 'it is written delay:SERVICE:TIME.'],
    ['delay:dynamodb:200', 'a time is like 200ms, 5s or 2m, not "200".'],
    ['delay:dynamodb:-5s', 'delay: ms is 0 to 2147483647.'],
    ['delay:dynamodb:999h', 'delay: ms is 0 to 2147483647.'],
    ['fail', 'it is written fail:SERVICE.'],
    ['fail:s3', 'there is no service "s3", but dynamodb, lambda, secretsmanager, connections.'],
    ['throttle:', 'there is no service "", but dynamodb, lambda, secretsmanager, connections.'],
    ['kill:', 'it is written kill[:FUNCTION].'],
    ['skew', 'it is written skew:TIME[:FUNCTION].'],
    ['skew:5s:', 'it is written skew:TIME[:FUNCTION].'],
    ['cut@101%', 'how often is 0% to 100%, not "101%".'],
    ['cut@half%', 'how often is 0% to 100%, not "half%".'],
    ['cutx0', 'x0 would never strike.'],
  ])('"%s" is refused in one sentence', (text, sentence) => {
    expect(() => parseFault(text)).toThrow(new UsageError(`--fault ${text}: ${sentence}`));
  });

  it('is understood however it is put together', () => {
    const service = fc.constantFrom(...serviceNames);
    const name = fc.option(fc.stringMatching(/^[A-Z][A-Za-z]{0,9}$/), { nil: undefined });
    const ms = fc.integer({ min: 0, max: 100_000 });
    const what = fc.oneof(
      fc.constantFrom(written('cut', { kind: 'cut' }), written('drop-disconnect', { kind: 'drop-disconnect' })),
      service.map((each) => written(`fail:${each}`, { kind: 'fail', service: each })),
      service.map((each) => written(`throttle:${each}`, { kind: 'throttle', service: each })),
      fc
        .tuple(service, ms)
        .map(([each, late]) => written(`delay:${each}:${late}ms`, { kind: 'delay', service: each, ms: late })),
      name.map((each) => written(`kill${suffix(each)}`, { kind: 'kill', ...named(each) })),
      fc
        .tuple(ms, name)
        .map(([late, each]) => written(`skew:-${late}ms${suffix(each)}`, { kind: 'skew', ms: -late, ...named(each) })),
    );
    const percent = fc.option(fc.integer({ min: 0, max: 100 }), { nil: undefined });
    const times = fc.option(fc.integer({ min: 1, max: 999 }), { nil: undefined });
    fc.assert(
      fc.property(what, percent, times, ({ text, fault }, often, count) => {
        const whole = `${text}${often === undefined ? '' : `@${often}%`}${count === undefined ? '' : `x${count}`}`;
        expect(parseFault(whole)).toEqual({
          ...fault,
          ...(often === undefined ? {} : { probability: often / 100 }),
          ...(count === undefined ? {} : { times: count }),
        });
      }),
    );
  });

  it('answers anything else with a sentence, whatever it is', () => {
    const pieces = fc.constantFrom(
      'cut',
      'kill',
      'delay',
      'skew',
      ':',
      '@',
      '%',
      'x',
      '-',
      '5',
      '0',
      's',
      'ms',
      ' ',
      'lambda',
      '\n',
    );
    const texts = fc.oneof(
      fc.string(),
      fc.array(pieces, { maxLength: 8 }).map((each) => each.join('')),
    );
    fc.assert(
      fc.property(texts, (text) => {
        try {
          parseFault(text);
        } catch (error) {
          expect(error).toBeInstanceOf(UsageError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('is explained in --help with every service', () => {
    for (const name of serviceNames) expect(faultHelp).toContain(name);
  });
});

function written(text: string, fault: Fault) {
  return { text, fault };
}

function suffix(name: string | undefined): string {
  return name === undefined ? '' : `:${name}`;
}

function named(name: string | undefined) {
  return name === undefined ? {} : { function: name };
}
