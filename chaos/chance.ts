import { createRandom } from '../local/faults.ts';

/** Decisions that are the same for the same seed. */
export interface Chance {
  /** One of these names, each as likely as its weight. */
  pick<Name extends string>(weights: Readonly<Record<Name, number>>): Name;
  between(low: number, high: number): number;
  /** A source of its own, so that one client's decisions do not depend on how quick the others are. */
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
