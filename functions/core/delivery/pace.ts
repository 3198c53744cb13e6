/**
 * When each post of one broadcast is due. All of its workers follow the same one, so that together they stay below the
 * account's quota without asking each other: API Gateway counts in a token bucket, and so does this
 * (https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html).
 */
export interface Pace {
  /** Epoch milliseconds of the first post. */
  readonly startsAt: number;
  /** Posts that are due at once. */
  readonly burst: number;
  /** Posts per second after these. */
  readonly rate: number;
}

/**
 * In milliseconds: how late somebody may be and still catch up. What the bucket regains meanwhile is a quarter of a second's
 * rate, half of the burst that AWS gives; any more would be spent twice.
 */
const toleranceMs = 250;

/** Epoch milliseconds of the post that so many others precede. */
export function dueAt({ startsAt, burst, rate }: Pace, before: number): number {
  return startsAt + (Math.max(0, before - burst) / rate) * 1000;
}

/**
 * The share number `index` of so many equal ones of what is left after `before` posts; it counts its own posts from 0. The
 * shares take turns, so that they do not all begin with a post at the same moment.
 */
export function shareOf(pace: Pace, before: number, ways: number, index: number): Pace {
  const burst = Math.floor(Math.max(0, pace.burst - before) / ways);
  const turn = burst > 0 ? 0 : (index / pace.rate) * 1000;
  return { startsAt: dueAt(pace, before) + turn, burst, rate: pace.rate / ways };
}

/** The same, later by as much as somebody who comes to its post number `before` now is too late to catch up. */
export function delayed(pace: Pace, before: number, now: number): Pace {
  const lateMs = Math.max(0, now - dueAt(pace, before) - toleranceMs);
  return { ...pace, startsAt: pace.startsAt + lateMs };
}
