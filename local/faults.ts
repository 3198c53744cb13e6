import { longestTimeoutMs } from './clock.ts';
import { findFunctionId } from './lambda/function-names.ts';

/** The services of the local cloud that a function can call. */
export type ServiceName = 'dynamodb' | 'lambda' | 'secretsmanager' | 'connections';

export const serviceNames: readonly ServiceName[] = ['dynamodb', 'lambda', 'secretsmanager', 'connections'];

/** A failure that sometimes happens in AWS, injected on purpose. */
export type Fault =
  /** `$disconnect` does not run for a closed connection; AWS calls it "best effort". */
  (
    | { readonly kind: 'drop-disconnect' }
    /** A service answers later. */
    | { readonly kind: 'delay'; readonly service: ServiceName; readonly ms: number }
    /** A service answers with a 500 and does nothing. */
    | { readonly kind: 'fail'; readonly service: ServiceName }
    /** A service throttles the request. */
    | { readonly kind: 'throttle'; readonly service: ServiceName }
    /** A function's process dies during an invocation. */
    | { readonly kind: 'kill'; readonly function?: string }
    /** A socket is closed without a close frame when a message passes over it. */
    | { readonly kind: 'cut' }
    /** A function's clock is ahead of the gateway's, or behind if negative. */
    | { readonly kind: 'skew'; readonly ms: number; readonly function?: string }
  ) & {
    /** The probability that the fault applies to a call. @default 1 */
    readonly probability?: number;
    /** The fault applies at most this often. @default unlimited */
    readonly times?: number;
  };

/** How a service fails instead of answering. */
export type ServiceFault = 'fail' | 'throttle';

/** The public API of fault injection. */
export interface FaultInjection {
  /** The same seed applies the same faults to the same order of calls. */
  readonly seed: number;
  /**
   * @returns a function that removes the fault
   * @throws for invalid values or an unknown function
   */
  inject(fault: Fault): () => void;
  clear(): void;
}

export interface Faults extends FaultInjection {
  /** Removes all faults and ends running delays. */
  close(): void;
  /** A service calls this first. It waits for a delay; undefined if no other fault applies. */
  beforeCall(service: ServiceName): Promise<ServiceFault | undefined>;
  dropsDisconnect(): boolean;
  /** @param functionId the logical id */
  kills(functionId: string): boolean;
  cuts(): boolean;
  skewMs(functionId: string): number;
}

interface Active {
  readonly fault: Fault;
  remaining: number;
}

/** @param functionIds the functions that a fault may name; an empty list disables the check */
export function createFaults(seed: number, functionIds: readonly string[] = []): Faults {
  const random = createRandom(seed);
  const active = new Set<Active>();
  const waiting = new Set<() => void>();

  function wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        waiting.delete(end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      waiting.add(end);
    });
  }

  function applyFault<K extends Fault['kind']>(kind: K, isMeant: (fault: Extract<Fault, { kind: K }>) => boolean) {
    for (const each of active) {
      if (each.fault.kind !== kind || !isMeant(each.fault as Extract<Fault, { kind: K }>)) continue;
      if (random() >= (each.fault.probability ?? 1)) continue;
      each.remaining -= 1;
      if (each.remaining <= 0) active.delete(each);
      return each.fault as Extract<Fault, { kind: K }>;
    }
    return undefined;
  }

  /** Replaces any name of a function by its logical id. */
  function withLogicalId(fault: Fault): Fault {
    if (!('function' in fault) || fault.function === undefined || functionIds.length === 0) return fault;
    return { ...fault, function: findFunctionId(fault.function, functionIds) };
  }

  return {
    seed,
    inject(fault) {
      rejectInvalidFault(fault);
      const each: Active = { fault: withLogicalId(fault), remaining: fault.times ?? Number.POSITIVE_INFINITY };
      active.add(each);
      return () => void active.delete(each);
    },
    clear: () => active.clear(),
    close() {
      active.clear();
      for (const end of waiting) end();
    },
    async beforeCall(service) {
      if (active.size === 0) return undefined;
      const isOfService = (fault: { readonly service: ServiceName }) => fault.service === service;
      const delay = applyFault('delay', isOfService);
      const fault = applyFault('fail', isOfService) ?? applyFault('throttle', isOfService);
      if (delay !== undefined) await wait(delay.ms);
      return fault?.kind;
    },
    dropsDisconnect: () => applyFault('drop-disconnect', () => true) !== undefined,
    kills: (functionId) => applyFault('kill', (fault) => (fault.function ?? functionId) === functionId) !== undefined,
    cuts: () => applyFault('cut', () => true) !== undefined,
    skewMs: (functionId) => applyFault('skew', (fault) => (fault.function ?? functionId) === functionId)?.ms ?? 0,
  };
}

function rejectInvalidFault({ probability = 1, times = 1, ...fault }: Fault): void {
  if (!(probability >= 0 && probability <= 1))
    throw new Error(`${fault.kind}: probability must be 0 to 1, not ${probability}.`);
  if (!(Number.isInteger(times) && times > 0))
    throw new Error(`${fault.kind}: times must be a whole number above 0, not ${times}.`);
  if ('ms' in fault && !Number.isFinite(fault.ms))
    throw new Error(`${fault.kind}: ms must be a number of milliseconds, not ${fault.ms}.`);
  if (fault.kind === 'delay' && !(fault.ms >= 0 && fault.ms <= longestTimeoutMs)) {
    throw new Error(`delay: ms must be 0 to ${longestTimeoutMs}, not ${fault.ms}.`);
  }
}

/** Mulberry32: small, quick, and the same on every machine. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
