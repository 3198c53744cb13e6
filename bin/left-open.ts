import type { SessionSocket } from '../lib/index.ts';

/**
 * Somebody who deployed with `-c mode=…` and forgets it now would change who gets in.
 * @param lookup reads the context
 * @returns a sentence, or undefined where both options are set
 */
export function sayWhatIsLeftOpen(
  { mode, tokenFrom }: Pick<SessionSocket, 'mode' | 'tokenFrom'>,
  lookup: (name: string) => unknown,
): string | undefined {
  const unset = ['mode', 'tokenFrom'].filter((option) => lookup(option) === undefined);
  if (unset.length === 0) return undefined;
  return `session-socket: mode is ${mode}, tokenFrom is ${tokenFrom}. Neither -c nor cdk.json sets ${unset.join(' and ')}; a stack that was deployed with another value would change: npx cdk diff shows it.`;
}
