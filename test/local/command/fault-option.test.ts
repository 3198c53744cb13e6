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
  ])('parses %s', (text, fault) => {
    expect(parseFault(text)).toEqual(fault);
  });

  it.each([
    ['', 'this is not a fault. Write it like fail:dynamodb@10%x3.'],
    ['cut@10', 'this is not a fault. Write it like fail:dynamodb@10%x3.'],
    ['cut 3', 'this is not a fault. Write it like fail:dynamodb@10%x3.'],
    ['explode', 'unknown fault. Use drop-disconnect, cut, delay, fail, throttle, kill, skew.'],
    ['constructor', 'unknown fault. Use drop-disconnect, cut, delay, fail, throttle, kill, skew.'],
    ['cut:Message', 'write it as cut.'],
    ['drop-disconnect:1', 'write it as drop-disconnect.'],
    ['delay:dynamodb', 'write it as delay:SERVICE:TIME.'],
    ['delay:dynamodb:1s:x', 'write it as delay:SERVICE:TIME.'],
    ['delay:dynamodb:200', 'a time must be like 200ms, 5s or 2m, not "200".'],
    ['delay:dynamodb:-5s', 'delay: ms must be 0 to 2147483647, not -5000.'],
    ['delay:dynamodb:999h', 'delay: ms must be 0 to 2147483647, not 3596400000.'],
    ['fail', 'write it as fail:SERVICE.'],
    ['fail:s3', 'unknown service "s3". Use dynamodb, lambda, secretsmanager, connections.'],
    ['throttle:', 'unknown service "". Use dynamodb, lambda, secretsmanager, connections.'],
    ['kill:', 'write it as kill[:FUNCTION].'],
    ['skew', 'write it as skew:TIME[:FUNCTION].'],
    ['skew:5s:', 'write it as skew:TIME[:FUNCTION].'],
    ['cut@101%', 'the percentage must be 0% to 100%, not "101%".'],
    ['cut@half%', 'the percentage must be 0% to 100%, not "half%".'],
    ['cutx0', 'x0 has no effect. Use x1 or more.'],
  ])('rejects "%s" with one sentence', (text, sentence) => {
    expect(() => parseFault(text)).toThrow(new UsageError(`--fault ${text}: ${sentence}`));
  });

  it('parses every combination of parts', () => {
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

  it('rejects any other text with a sentence', () => {
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

  it('appears in --help with every service', () => {
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
