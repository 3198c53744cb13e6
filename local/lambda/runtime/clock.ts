import { Socket } from 'node:net';

/** Makes every `Date` use the local cloud's clock. Timers and `performance` use the machine's. */
export interface RuntimeClock {
  readonly machineNow: () => number;
  set(offsetMs: number): void;
}

/** Call this before the function is loaded, because it may keep a reference to `Date`. */
export function installClock(initialOffsetMs: number): RuntimeClock {
  const machineNow = Date.now.bind(Date);
  let offsetMs = initialOffsetMs;
  const RealDate = Date;
  const now = () => machineNow() + offsetMs;
  const follower: DateConstructor = new Proxy(RealDate, {
    construct: (target, given, newTarget) => Reflect.construct(target, given.length === 0 ? [now()] : given, newTarget),
    apply: () => new RealDate(now()).toString(),
  });
  RealDate.now = now;
  RealDate.prototype.constructor = follower;
  globalThis.Date = follower;
  return {
    machineNow,
    set(to) {
      offsetMs = to;
    },
  };
}

/**
 * Follows the clock through the pipe at this descriptor, one line per move. The pipe closes when the local cloud ends, for
 * any reason, and then this process exits.
 */
export function followClock(clock: RuntimeClock, descriptor: number): void {
  const pipe = new Socket({ fd: descriptor, readable: true, writable: false });
  pipe.unref();
  let unread = '';
  pipe.on('data', (chunk) => {
    const lines = (unread + chunk.toString()).split('\n');
    unread = lines.pop() ?? '';
    const last = lines.at(-1);
    if (last !== undefined) clock.set(Number(last));
  });
  pipe.on('error', () => undefined);
  pipe.on('close', () => process.exit(0));
}
