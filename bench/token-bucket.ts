/** A token bucket like API Gateway's: full at first, it fills with `rate` a second up to `burst`. */
export function createBucket(
  { rate, burst }: { readonly rate: number; readonly burst: number },
  now = () => performance.now(),
) {
  let tokens = burst;
  let filledAt = now();
  return {
    take(): boolean {
      const time = now();
      tokens = Math.min(burst, tokens + ((time - filledAt) * rate) / 1000);
      filledAt = time;
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    },
  };
}
