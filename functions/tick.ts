import type { Clock } from './core/clock.ts';
import type { Claims } from './core/connections/claims.ts';
import { welcomePatience } from './core/connections/connection.ts';
import type { ConnectionRegistry, RegisteredConnection } from './core/connections/connection-registry.ts';
import { fanOut } from './core/delivery/fan-out.ts';
import type { SocketSender } from './core/delivery/socket-sender.ts';
import { encodeFrame, helloFrame } from './core/frames/frame.ts';
import type { Log } from './edge/telemetry.ts';

interface TickParts {
  readonly registry: ConnectionRegistry;
  readonly claims: Claims;
  readonly sender: SocketSender;
  readonly clock: Clock;
  /** How many minutes one run may last before the schedule has to start another. */
  readonly minutes: number;
  readonly log: Log;
}

const concurrency = 50;

/**
 * Says hello to everyone, once a second. A run claims each minute of the clock, so of several runs only one sends and
 * no hello arrives twice. A run continues from minute to minute while anybody is connected, because a schedule may be
 * late by many seconds (https://docs.aws.amazon.com/eventbridge/latest/userguide/run-lambda-schedule.html). The
 * schedule only replaces a run that has ended or died. Every connect starts a run as well.
 */
export function createTick({ registry, claims, sender, clock, minutes, log }: TickParts) {
  return async (): Promise<void> => {
    // The schedule's clock may be slightly ahead of this one: a start in a minute's last second is meant for the next
    // minute.
    const first = Math.floor((clock.now() + 1000) / 60_000);
    for (let minute = first; minute < first + minutes; minute += 1) {
      const early = minute * 60_000 - clock.now();
      if (early > 0) await clock.pause(early);
      if ((await sendDuring(minute)) !== 'minute over') return;
    }
  };

  async function sendDuring(minute: number): Promise<'minute over' | 'nobody here' | 'claimed by another'> {
    const claim = `tick:${minute}`;
    const endSecond = (minute + 1) * 60;
    while (await isAnybodyHere()) {
      // The claim lasts a minute longer, for clocks that are behind.
      if (!(await claims.claim(claim, endSecond + 60))) return 'claimed by another';
      const outcome = await helloUntil(endSecond).catch(async (error: unknown) => {
        await claims.release(claim);
        throw error;
      });
      if (outcome === 'minute over') return outcome;
      // The run of a client that connected in the meantime found the minute claimed and ended. So release it, then look
      // again.
      await claims.release(claim);
    }
    return 'nobody here';
  }

  async function helloUntil(endSecond: number): Promise<'minute over' | 'nobody here'> {
    const total = { Delivered: 0, Gone: 0, Lost: 0 };
    const startSecond = Math.floor(clock.now() / 1000);
    let here = 1;
    for (let second = startSecond; second < endSecond && here > 0; second = nextSecond(second)) {
      if (second > startSecond) await clock.pause(Math.max(0, second * 1000 - clock.now()));
      here = await hello(total);
    }
    log('info', 'said hello', {}, total);
    return here > 0 ? 'minute over' : 'nobody here';
  }

  async function hello(total: { Delivered: number; Gone: number; Lost: number }): Promise<number> {
    const audience = { here: 0 };
    const frame = encodeFrame(helloFrame);
    const report = await fanOut({ recipients: welcomedOf(audience), frame, sender, concurrency, clock });
    await Promise.all(report.gone.map((connection) => registry.leave(connection)));
    total.Delivered += report.delivered;
    total.Gone += report.gone.length;
    total.Lost += report.lost;
    return audience.here - report.gone.length;
  }

  async function* welcomedOf(audience: { here: number }): AsyncIterable<readonly RegisteredConnection[]> {
    for await (const page of registry.everyone()) {
      audience.here += page.filter(isHere).length;
      yield page.filter(({ welcomed }) => welcomed);
    }
  }

  async function isAnybodyHere(): Promise<boolean> {
    for await (const page of registry.everyone()) if (page.some(isHere)) return true;
    return false;
  }

  /** A connection without a welcome after `welcomePatience` is gone: its socket closed before it opened. */
  function isHere({ welcomed, connectedAt }: RegisteredConnection): boolean {
    return welcomed || clock.now() - connectedAt < welcomePatience * 1000;
  }

  /** Never the same second twice, although a timer may fire a little early. A slow round skips seconds. */
  function nextSecond(second: number): number {
    return Math.max(second + 1, Math.ceil(clock.now() / 1000));
  }
}
