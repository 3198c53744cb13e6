import { createRandom } from '../local/faults.ts';

/** Random decisions, reproducible by their seed. */
export interface Chance {
  /** One of these names, chosen by weight. */
  pick<Name extends string>(weights: Readonly<Record<Name, number>>): Name;
  between(low: number, high: number): number;
  /** A separate source, so that one client's decisions do not depend on the speed of the others. */
  fork(): Chance;
}

export function createChance(seed: number): Chance {
  const random = createRandom(seed);
  return {
    pick<Name extends string>(weights: Readonly<Record<Name, number>>) {
      const names = Object.keys(weights) as Name[];
      const total = names.reduce((sum, name) => sum + weights[name], 0);
      let left = random() * total;
      const found = names.find((name) => {
        left -= weights[name];
        return left < 0;
      });
      return found ?? (names[0] as Name);
    },
    between: (low, high) => low + random() * (high - low),
    fork: () => createChance(Math.floor(random() * 2 ** 32)),
  };
}
