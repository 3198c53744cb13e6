import type { Clock } from '../clock.ts';
import type { Value } from '../template/resolve.ts';
import { readProperties } from '../template/stack.ts';

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-protect.html */
export interface Throttle {
  /** Whose tokens it takes. */
  readonly bucket: string;
  readonly ratePerSecond: number;
  readonly burst: number;
}

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

const throttleSettings = ['ThrottlingRateLimit', 'ThrottlingBurstLimit'];
const settingsWithoutEffect = ['DetailedMetricsEnabled', 'DataTraceEnabled', 'LoggingLevel'];

export function readThrottle(
  path: string,
  bucket: string,
  settings: Readonly<Record<string, Value | undefined>> = {},
): Throttle | undefined {
  const unknown = Object.keys(settings).find((name) => ![...throttleSettings, ...settingsWithoutEffect].includes(name));
  if (unknown !== undefined) throw new Error(`${path}: the property ${unknown} is not emulated.`);
  const { optionalNumber } = readProperties(settings, path);
  const [ratePerSecond, burst] = throttleSettings.map((name) => optionalNumber(name));
  if (ratePerSecond === undefined && burst === undefined) return undefined;
  // The account's, where the stage says nothing: docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
  return { bucket, ratePerSecond: ratePerSecond ?? 10_000, burst: burst ?? 5_000 };
}
