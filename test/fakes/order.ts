type Port = object;
type MethodOf<P> = { [K in keyof P]: P[K] extends (...args: never[]) => Promise<unknown> ? K : never }[keyof P];

/** Runs `step` right before the next call of `method` takes effect. It forces the order of a race. */
export function justBefore<P extends Port>(port: P, method: MethodOf<P>, step: () => Promise<unknown>): void {
  interpose(port, method, async (call) => {
    await step();
    return call();
  });
}

/** Runs `step` right after the next call of `method` took effect, before its caller gets the result. */
export function justAfter<P extends Port>(port: P, method: MethodOf<P>, step: () => Promise<unknown>): void {
  interpose(port, method, async (call) => {
    const result = await call();
    await step();
    return result;
  });
}

/** Makes the next call of `method` fail without effect. */
export function failNext<P extends Port>(port: P, method: MethodOf<P>, error = new Error('the network is down')): void {
  interpose(port, method, async () => {
    throw error;
  });
}

function interpose<P extends Port>(
  port: P,
  method: MethodOf<P>,
  replace: (call: () => Promise<unknown>) => Promise<unknown>,
): void {
  const original = port[method] as (...args: unknown[]) => Promise<unknown>;
  const once = (...args: unknown[]) => {
    Object.assign(port, { [method]: original });
    return replace(() => original.apply(port, args));
  };
  Object.assign(port, { [method]: once });
}
