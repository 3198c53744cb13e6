import { describe, expect, it } from 'vitest';
import { createFaults, type Fault } from '../../local/faults.ts';

const strikes = (seed: number, fault: Fault, calls = 1_000) => {
  const faults = createFaults(seed);
  faults.inject(fault);
  return Array.from({ length: calls }, () => faults.cuts());
};

describe('an injected fault', () => {
  it('strikes each time when nothing else is said', () => {
    expect(strikes(1, { kind: 'cut' }, 5)).toEqual([true, true, true, true, true]);
  });

  it('strikes about as often as its probability says, and in the same order for the same seed', () => {
    const first = strikes(7, { kind: 'cut', probability: 0.1 });
    expect(strikes(7, { kind: 'cut', probability: 0.1 })).toEqual(first);
    expect(strikes(8, { kind: 'cut', probability: 0.1 })).not.toEqual(first);
    const count = first.filter(Boolean).length;
    expect(count).toBeGreaterThan(60);
    expect(count).toBeLessThan(140);
  });

  it('strikes as often as it may, and then no more', () => {
    expect(strikes(1, { kind: 'cut', times: 2 }, 4)).toEqual([true, true, false, false]);
  });

  it('can be taken away, alone or with all', async () => {
    const faults = createFaults(1);
    const heal = faults.inject({ kind: 'fail', service: 'dynamodb' });
    faults.inject({ kind: 'drop-disconnect' });
    expect(await faults.beforeCall('dynamodb')).toBe('fail');
    heal();
    expect(await faults.beforeCall('dynamodb')).toBeUndefined();
    expect(faults.dropsDisconnect()).toBe(true);
    faults.clear();
    expect(faults.dropsDisconnect()).toBe(false);
  });

  it('is of one service or of one function', async () => {
    const faults = createFaults(1);
    faults.inject({ kind: 'throttle', service: 'connections' });
    faults.inject({ kind: 'kill', function: 'Connect' });
    faults.inject({ kind: 'skew', ms: -5_000, function: 'Connect' });
    expect(await faults.beforeCall('lambda')).toBeUndefined();
    expect(await faults.beforeCall('connections')).toBe('throttle');
    expect(faults.kills('Message')).toBe(false);
    expect(faults.kills('Connect')).toBe(true);
    expect(faults.skewMs('Message')).toBe(0);
    expect(faults.skewMs('Connect')).toBe(-5_000);
  });

  it('waits out a delay and then lets the call go on', async () => {
    const faults = createFaults(1);
    faults.inject({ kind: 'delay', service: 'secretsmanager', ms: 10 });
    const before = performance.now();
    expect(await faults.beforeCall('secretsmanager')).toBeUndefined();
    expect(performance.now() - before).toBeGreaterThanOrEqual(9);
  });

  it.each<[Fault, string]>([
    [{ kind: 'cut', probability: 1.5 }, 'probability must be 0 to 1, not 1.5'],
    [{ kind: 'cut', times: 0 }, 'times must be a whole number above 0, not 0'],
    [{ kind: 'delay', service: 'dynamodb', ms: -1 }, 'ms must be 0 to'],
    [{ kind: 'skew', ms: Number.NaN }, 'ms must be a number of milliseconds, not NaN'],
  ])('%o makes no sense', (fault, sentence) => {
    expect(() => createFaults(1).inject(fault)).toThrow(sentence);
  });
});
