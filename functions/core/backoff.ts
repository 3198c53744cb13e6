/** Milliseconds to wait before each further try: twice as long as before, up to a bound. */
export function* doublingPauses(firstMs: number, longestMs = Number.POSITIVE_INFINITY): Generator<number, never> {
  for (let pauseMs = firstMs; ; pauseMs = Math.min(pauseMs * 2, longestMs)) yield pauseMs;
}

/**
 * Milliseconds: a random time below a bound that doubles with each try, so that those who failed together do not come back together
 * (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
 * @param tries 1 after the first
 * @param random from 0 to below 1
 */
export function fullJitter(tries: number, random: () => number): number {
  return Math.ceil(random() * Math.min(100 * 2 ** tries, 5_000));
}
