import { describe, expect, it } from 'vitest';
import { createFaults, type Fault } from '../../local/faults.ts';

const applications = (seed: number, fault: Fault, calls = 1_000) => {
  const faults = createFaults(seed);
  faults.inject(fault);
  return Array.from({ length: calls }, () => faults.cuts());
};

describe('an injected fault', () => {
  it('applies to every call by default', () => {
    expect(applications(1, { kind: 'cut' }, 5)).toEqual([true, true, true, true, true]);
  });

  it('applies with its probability, and to the same calls for the same seed', () => {
    const first = applications(7, { kind: 'cut', probability: 0.1 });
    expect(applications(7, { kind: 'cut', probability: 0.1 })).toEqual(first);
    expect(applications(8, { kind: 'cut', probability: 0.1 })).not.toEqual(first);
    const count = first.filter(Boolean).length;
    expect(count).toBeGreaterThan(60);
    expect(count).toBeLessThan(140);
  });

  it('applies at most `times` times', () => {
    expect(applications(1, { kind: 'cut', times: 2 }, 4)).toEqual([true, true, false, false]);
  });

  it('can be removed, alone or with all others', async () => {
    const faults = createFaults(1);
    const remove = faults.inject({ kind: 'fail', service: 'dynamodb' });
    faults.inject({ kind: 'drop-disconnect' });
    expect(await faults.beforeCall('dynamodb')).toBe('fail');
    remove();
    expect(await faults.beforeCall('dynamodb')).toBeUndefined();
    expect(faults.dropsDisconnect()).toBe(true);
    faults.clear();
    expect(faults.dropsDisconnect()).toBe(false);
  });

  it('applies to one service or one function', async () => {
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

  it('delays a call', async () => {
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
  ])('with invalid values is rejected: %o', (fault, sentence) => {
    expect(() => createFaults(1).inject(fault)).toThrow(sentence);
  });
});
