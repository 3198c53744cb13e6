import { describe, expect, it } from 'vitest';
import { createFaults } from '../../local/faults.ts';

describe('faults', () => {
  it('strike in the same order of calls with the same seed, and in another with another', () => {
    const strikes = (seed: number) => {
      const faults = createFaults(seed);
      faults.inject({ kind: 'cut', probability: 0.5 });
      return Array.from({ length: 64 }, () => (faults.cuts() ? 'x' : '.')).join('');
    };
    expect(strikes(7)).toBe(strikes(7));
    expect(strikes(7)).not.toBe(strikes(8));
    expect(strikes(7)).toMatch(/x.*\..*x/);
  });

  it('know functions by their short names, and refuse one that there is not', () => {
    const faults = createFaults(1, ['AppConnectFunction0A1B2C3D', 'AppMessageFunctionFFFF0000']);
    faults.inject({ kind: 'kill', function: 'Message' });
    expect(faults.kills('AppConnectFunction0A1B2C3D')).toBe(false);
    expect(faults.kills('AppMessageFunctionFFFF0000')).toBe(true);
    expect(() => faults.inject({ kind: 'skew', ms: 1, function: 'Tick' })).toThrow(
      'There is no function Tick: Connect, Message.',
    );
  });

  it('let a call go on at once when the local cloud is closed, however long its delay', async () => {
    const faults = createFaults(1);
    faults.inject({ kind: 'delay', service: 'lambda', ms: 3_600_000 });
    const call = faults.beforeCall('lambda');
    faults.close();
    await expect(call).resolves.toBeUndefined();
  });

  it.each([-1, 2 ** 31, Number.NaN])('refuse a delay of %d ms, which no timer keeps', (ms) => {
    expect(() => createFaults(1).inject({ kind: 'delay', service: 'dynamodb', ms })).toThrow(/^delay: /);
  });
});
