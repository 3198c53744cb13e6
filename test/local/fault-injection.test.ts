import { describe, expect, it } from 'vitest';
import { createFaults } from '../../local/faults.ts';

describe('faults', () => {
  it('apply to the same calls with the same seed, and to others with another seed', () => {
    const applications = (seed: number) => {
      const faults = createFaults(seed);
      faults.inject({ kind: 'cut', probability: 0.5 });
      return Array.from({ length: 64 }, () => (faults.cuts() ? 'x' : '.')).join('');
    };
    expect(applications(7)).toBe(applications(7));
    expect(applications(7)).not.toBe(applications(8));
    expect(applications(7)).toMatch(/x.*\..*x/);
  });

  it('accept short names of functions, and reject unknown ones', () => {
    const faults = createFaults(1, ['AppConnectFunction0A1B2C3D', 'AppMessageFunctionFFFF0000']);
    faults.inject({ kind: 'kill', function: 'Message' });
    expect(faults.kills('AppConnectFunction0A1B2C3D')).toBe(false);
    expect(faults.kills('AppMessageFunctionFFFF0000')).toBe(true);
    expect(() => faults.inject({ kind: 'skew', ms: 1, function: 'Tick' })).toThrow(
      'There is no function Tick: Connect, Message.',
    );
  });

  it('release delayed calls at once when the local cloud is closed', async () => {
    const faults = createFaults(1);
    faults.inject({ kind: 'delay', service: 'lambda', ms: 3_600_000 });
    const call = faults.beforeCall('lambda');
    faults.close();
    await expect(call).resolves.toBeUndefined();
  });

  it.each([-1, 2 ** 31, Number.NaN])('reject a delay of %d ms, which setTimeout does not support', (ms) => {
    expect(() => createFaults(1).inject({ kind: 'delay', service: 'dynamodb', ms })).toThrow(/^delay: /);
  });
});
