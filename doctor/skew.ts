import type { Reply } from './ask.ts';

/** How far the app's clock is ahead of this machine's, by the Date of an answer; undefined when there is none to trust. */
export function skewSecondsOf({ headers, receivedAt }: Reply): number | undefined {
  const date = Date.parse(headers.date ?? '');
  // What comes from a cache has the date of the day that it was stored.
  if (Number.isNaN(date) || Number(headers.age ?? 0) > 0) return undefined;
  return Math.round((date - receivedAt) / 1000);
}
