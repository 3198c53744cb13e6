import { findFunctionId } from './lambda/function-names.ts';

/** The services of the local cloud that a function can call. */
export type ServiceName = 'dynamodb' | 'lambda' | 'secretsmanager' | 'connections';

export const serviceNames: readonly ServiceName[] = ['dynamodb', 'lambda', 'secretsmanager', 'connections'];

/** Something that goes wrong in AWS now and then, and here when it is asked for. */
export type Fault =
  /** No `$disconnect` runs for a connection that ended: "best effort". */
  (
    | { readonly kind: 'drop-disconnect' }
    /** A service answers that much later. */
    | { readonly kind: 'delay'; readonly service: ServiceName; readonly ms: number }
    /** A service answers with a 500, before it did anything. */
    | { readonly kind: 'fail'; readonly service: ServiceName }
    /** A service says that there are too many requests. */
    | { readonly kind: 'throttle'; readonly service: ServiceName }
    /** The process of a function dies in the middle of an invocation. */
    | { readonly kind: 'kill'; readonly function?: string }
    /** A socket is cut without a close frame when a message passes over it. */
    | { readonly kind: 'cut' }
    /** The clock of a function's processes is that much ahead of the gateway's, or behind it when negative. */
    | { readonly kind: 'skew'; readonly ms: number; readonly function?: string }
  ) & {
    /** How likely it strikes each time it could. @default 1 */
    readonly probability?: number;
    /** It strikes that often at most. @default without end */
    readonly times?: number;
  };

/** What a service does instead of its work. */
export type ServiceFault = 'fail' | 'throttle';

/** What a test or a person has of it. */
export interface FaultInjection {
  /** The same faults strike in the same order of calls when it is the same. */
  readonly seed: number;
  /**
   * @returns what takes it away again
   * @throws when it makes no sense, or names a function that there is not
   */
  inject(fault: Fault): () => void;
  clear(): void;
}

export interface Faults extends FaultInjection {
  /** Clears, and ends the delays that are under way. */
  close(): void;
  /** Called by a service before it does anything. Waits out a delay; undefined when nothing else goes wrong. */
  beforeCall(service: ServiceName): Promise<ServiceFault | undefined>;
  dropsDisconnect(): boolean;
  /** @param functionId the logical id */
  kills(functionId: string): boolean;
  cuts(): boolean;
  skewMs(functionId: string): number;
}

/** What `setTimeout` can wait at most; it would run at once above it. */
const longestTimeoutMs = 2 ** 31 - 1;

interface Active {
  readonly fault: Fault;
  left: number;
}

/** @param functionIds of all that a fault can name; not checked when there are none */
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

  function strike<K extends Fault['kind']>(kind: K, isMeant: (fault: Extract<Fault, { kind: K }>) => boolean) {
    for (const each of active) {
      if (each.fault.kind !== kind || !isMeant(each.fault as Extract<Fault, { kind: K }>)) continue;
      if (random() >= (each.fault.probability ?? 1)) continue;
      each.left -= 1;
      if (each.left <= 0) active.delete(each);
      return each.fault as Extract<Fault, { kind: K }>;
    }
    return undefined;
  }

  /** By any name it is called. */
  function withLogicalId(fault: Fault): Fault {
    if (!('function' in fault) || fault.function === undefined || functionIds.length === 0) return fault;
    return { ...fault, function: findFunctionId(fault.function, functionIds) };
  }

  return {
    seed,
    inject(fault) {
      refuseNonsense(fault);
      const each: Active = { fault: withLogicalId(fault), left: fault.times ?? Number.POSITIVE_INFINITY };
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
      const delay = strike('delay', isOfService);
      const fault = strike('fail', isOfService) ?? strike('throttle', isOfService);
      if (delay !== undefined) await wait(delay.ms);
      return fault?.kind;
    },
    dropsDisconnect: () => strike('drop-disconnect', () => true) !== undefined,
    kills: (functionId) => strike('kill', (fault) => (fault.function ?? functionId) === functionId) !== undefined,
    cuts: () => strike('cut', () => true) !== undefined,
    skewMs: (functionId) => strike('skew', (fault) => (fault.function ?? functionId) === functionId)?.ms ?? 0,
  };
}

function refuseNonsense({ probability = 1, times = 1, ...fault }: Fault): void {
  if (!(probability >= 0 && probability <= 1)) throw new Error(`${fault.kind}: a probability is 0 to 1.`);
  if (!(Number.isInteger(times) && times > 0)) throw new Error(`${fault.kind}: times is a whole number above 0.`);
  if ('ms' in fault && !Number.isFinite(fault.ms)) throw new Error(`${fault.kind}: ms is a number of milliseconds.`);
  if (fault.kind === 'delay' && !(fault.ms >= 0 && fault.ms <= longestTimeoutMs)) {
    throw new Error(`delay: ms is 0 to ${longestTimeoutMs}.`);
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
