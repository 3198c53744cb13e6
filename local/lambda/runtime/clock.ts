import { Socket } from 'node:net';

/** The time of the local cloud, which every `Date` in here tells. Timers and `performance` run with the machine. */
export interface RuntimeClock {
  readonly machineNow: () => number;
  set(offsetMs: number): void;
}

/** Must come before the function is loaded: it may keep `Date` for itself. */
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
 * Follows the clock through the pipe at this descriptor: a line for each move. The pipe closes when the local cloud has
 * gone, even if it had no time to say so, and then this process has nothing left to do.
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
