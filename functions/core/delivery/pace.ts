/**
 * When each post of one broadcast is due. All workers follow the same pace, so together they stay below the account's
 * quota without asking each other. API Gateway counts in a token bucket, and so does this
 * (https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html).
 */
export interface Pace {
  /** Epoch milliseconds of the first post. */
  readonly startsAt: number;
  /** Posts that are due immediately. */
  readonly burst: number;
  /** Posts per second after the burst. */
  readonly rate: number;
}

/**
 * Milliseconds that a worker may be late and still catch up. Meanwhile, the bucket regains a quarter of a second's
 * rate, which is half of AWS's burst. Catching up more would spend tokens twice.
 */
const toleranceMs = 250;

/** Epoch milliseconds when the post after `before` others is due. */
export function dueAt({ startsAt, burst, rate }: Pace, before: number): number {
  return startsAt + (Math.max(0, before - burst) / rate) * 1000;
}

/**
 * Share number `index` of `ways` equal shares of the pace after `before` posts. A share counts its own posts from 0.
 * The shares start one after the other, so that they do not all post at the same moment.
 */
export function shareOf(pace: Pace, before: number, ways: number, index: number): Pace {
  const burst = Math.floor(Math.max(0, pace.burst - before) / ways);
  const offsetMs = burst > 0 ? 0 : (index / pace.rate) * 1000;
  return { startsAt: dueAt(pace, before) + offsetMs, burst, rate: pace.rate / ways };
}

/** The same pace for a worker that starts post number `before` now: later by the time that it cannot catch up. */
export function delayed(pace: Pace, before: number, now: number): Pace {
  const lateMs = Math.max(0, now - dueAt(pace, before) - toleranceMs);
  return { ...pace, startsAt: pace.startsAt + lateMs };
}
