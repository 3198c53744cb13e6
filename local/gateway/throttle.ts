import type { Clock } from '../clock.ts';
import type { Throttle } from './stage.ts';

/** Token buckets: https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-protect.html */
export interface Throttling {
  /** @returns false when the request comes too soon. @param throttle undefined: there is no limit */
  admits(throttle: Throttle | undefined): boolean;
}

export const unlimited: Throttling = { admits: () => true };

export function createThrottling(clock: Clock): Throttling {
  const buckets = new Map<string, { tokens: number; filledAtMs: number }>();
  return {
    admits(throttle) {
      if (throttle === undefined) return true;
      const { bucket: name, ratePerSecond, burst } = throttle;
      const nowMs = clock.now();
      const bucket = buckets.get(name) ?? { tokens: burst, filledAtMs: nowMs };
      buckets.set(name, bucket);
      bucket.tokens = Math.min(burst, bucket.tokens + ((nowMs - bucket.filledAtMs) / 1000) * ratePerSecond);
      bucket.filledAtMs = nowMs;
      if (bucket.tokens < 1) return false;
      bucket.tokens -= 1;
      return true;
    },
  };
}
