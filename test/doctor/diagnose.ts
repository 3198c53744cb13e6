import { createAsker } from '../../doctor/ask.ts';
import { examine, type Result } from '../../doctor/examine.ts';
import type { Target } from '../../doctor/target.ts';

/** All findings of the doctor for a URL. */
export async function diagnose(
  url: string | URL,
  known: Partial<Target> = {},
  questionMs = 20_000,
): Promise<readonly Result[]> {
  const asker = createAsker(questionMs);
  const unknown = { cookieName: 'PHPSESSID', cookie: undefined, slowUrl: undefined, keys: undefined };
  try {
    return await examine({ ...unknown, sessionTimeoutMs: 20_000, ...known, url: new URL(url) }, asker.ask);
  } finally {
    asker.close();
  }
}

/** Problems and warnings by the name of the check: `problem: …`. */
export function faultsIn(results: readonly Result[]): Readonly<Record<string, string>> {
  const wrong = results.filter(({ outcome }) => outcome === 'problem' || outcome === 'warning');
  return Object.fromEntries(wrong.map(({ name, outcome, says }) => [name, `${outcome}: ${says}`]));
}

export function find(results: readonly Result[], name: string): Result {
  const found = results.find((result) => result.name === name);
  if (found === undefined) throw new Error(`There is no check ${name}.`);
  return found;
}
