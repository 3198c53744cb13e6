import { setTimeout as wait } from 'node:timers/promises';
import type { Fault, FaultInjection } from '../local/faults.ts';
import type { Chance } from './chance.ts';

/** Faults that come and go, and whether a failure may be their effect. */
export interface Weather {
  readonly faults: number;
  /** Whether such a fault was active at any time since then. */
  had(kind: Fault['kind'], sinceMs: number): boolean;
  /** Causes faults until the signal, then ends all of them. */
  blow(signal: AbortSignal): Promise<void>;
}

// The effects of a killed process or a cut socket show a moment later.
const aftermathMs = 2000;

export function createWeather(faults: FaultInjection, chance: Chance): Weather {
  const past: { readonly kind: Fault['kind']; endedAt: number }[] = [];
  return {
    get faults() {
      return past.length;
    },
    had: (kind, sinceMs) => past.some((each) => each.kind === kind && each.endedAt + aftermathMs >= sinceMs),
    async blow(signal) {
      const gusts = new Set<Promise<void>>();
      while (!signal.aborted) {
        const gust = blowOnce(signal);
        gusts.add(gust);
        await pause(chance.between(300, 1500), signal);
      }
      await Promise.all(gusts);
      faults.clear();
    },
  };

  async function blowOnce(signal: AbortSignal): Promise<void> {
    const fault = pickFault(chance);
    const entry = { kind: fault.kind, endedAt: Number.POSITIVE_INFINITY };
    past.push(entry);
    const end = faults.inject(fault);
    await pause(chance.between(500, 3000), signal);
    end();
    entry.endedAt = performance.now();
  }
}

function pickFault(chance: Chance): Fault {
  const kind = chance.pick({ kill: 3, cut: 2, delay: 3, fail: 2, throttle: 2, skew: 1, 'drop-disconnect': 2 });
  const probability = chance.between(0.02, 0.2);
  const service = chance.pick({ dynamodb: 2, connections: 2 });
  switch (kind) {
    case 'delay':
      return { kind, service, ms: Math.round(chance.between(20, 800)), probability: 3 * probability };
    case 'fail':
    case 'throttle':
      return { kind, service, probability };
    case 'skew':
      // Within the time that signatures allow.
      return { kind, ms: Math.round(chance.between(-60_000, 60_000)), probability };
    case 'drop-disconnect':
      return { kind, probability: 0.5 };
    default:
      return { kind, probability };
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await wait(ms, undefined, { signal }).catch(() => undefined);
}
