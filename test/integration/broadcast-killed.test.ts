import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FunctionHandle, LogEntry } from '../../local/index.ts';
import { onLinux } from '../needs.ts';
import { type Crowd, hears, startCrowd, timesHeard } from './crowd.ts';
import { childrenOf, isThere } from './own-children.ts';

// The processes of `deliver` get a SIGKILL while an event is on its way, a hundred of them in all: when it was heard by
// one, by ten, or by nobody yet. Half of all posts are throttled until then, so that work is left. Lambda starts a
// worker again after a minute, which the clock of the local cloud lets pass; four clouds, because sockets end after two
// hours of it.
describe.each(['first', 'second', 'third', 'fourth'])('the %s twenty-five kills', onLinux, (part) => {
  let crowd: Crowd;
  let deliver: FunctionHandle;
  beforeAll(async () => {
    crowd = await startCrowd(26);
    const found = Object.entries(crowd.cloud.functions).find(([id]) => id.includes('Deliver'));
    if (found === undefined) throw new Error('There is no deliver.');
    deliver = found[1];
  });
  afterAll(() => crowd?.close());

  it('lose no event, and duplicates have the same id', async () => {
    const retried = new Set<LogEntry>();
    const events: string[] = [];
    while (retried.size < 25) {
      const event = `${part}-${events.length}`;
      const hearers = [0, 1, 10][events.length % 3] ?? 0;
      events.push(event);
      await killWhileHeardBy(hearers, event);
      for (let isOver = false; !isOver; ) {
        await untilNothingRuns();
        const fresh = retries().filter((entry) => !retried.has(entry));
        isOver = fresh.length === 0;
        for (const entry of fresh) retried.add(entry);
        if (!isOver) await letPass(Math.max(...fresh.map(({ afterMs }) => afterMs)), fresh.length);
      }
      await Promise.all(crowd.clients.map((each) => hears(each, event)));
    }
    for (const { client } of crowd.clients) {
      const heard = client.frames.map((frame) => JSON.parse(frame)).filter(({ id }) => id !== undefined);
      expect(new Set(heard.map(({ event }) => event))).toEqual(new Set(events));
      expect(new Set(heard.map(({ event, id }) => `${event} ${id}`)).size).toBe(events.length);
    }
    expect(crowd.log.filter(({ kind }) => kind === 'async-abandoned')).toEqual([]);
    const heardTwice = crowd.clients.some((each) => events.some((event) => timesHeard(each, event) > 1));
    expect(heardTwice).toBe(true);
  });

  async function killWhileHeardBy(count: number, event: string): Promise<void> {
    const restore = crowd.cloud.faults.inject({ kind: 'throttle', service: 'connections', probability: 0.5 });
    const before = deliver.invocations;
    await crowd.publish(event);
    if (count === 0) await crowd.told(() => (deliver.invocations > before ? true : undefined));
    else await heardBy(count, event);
    const pids = await childrenOf(deliver.name);
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    // Some had nothing to do. On a busy machine they die so slowly that they would get what is tried again, minutes
    // later by the clock that is moved, and use up all of its attempts in one kill.
    await expect.poll(() => pids.filter(isThere)).toEqual([]);
    restore();
  }

  async function heardBy(count: number, event: string): Promise<void> {
    let left = count;
    await new Promise<void>((enough) => {
      for (const each of crowd.clients) {
        void hears(each, event).then(() => {
          left -= 1;
          if (left === 0) enough();
        });
      }
    });
  }

  function retries() {
    return crowd.log.filter((entry) => entry.kind === 'async-retry');
  }

  async function untilNothingRuns(): Promise<void> {
    // Lambda reports each invocation once, however it ended.
    await crowd.told(() => {
      const reports = crowd.log.filter((entry) => entry.kind === 'function-output' && isReportOfDeliver(entry));
      return deliver.invocations === reports.length ? true : undefined;
    });
  }

  /** Time passes, and who waited for it has begun. */
  async function letPass(milliseconds: number, waiting: number): Promise<void> {
    const before = deliver.invocations;
    crowd.cloud.clock.advance(milliseconds);
    await expect.poll(() => deliver.invocations).toBeGreaterThanOrEqual(before + waiting);
  }
});

function isReportOfDeliver({ function: id, line }: { readonly function: string; readonly line: string }): boolean {
  return id.includes('Deliver') && line.startsWith('REPORT RequestId');
}
