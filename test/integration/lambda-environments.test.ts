import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cachedDataVersionTag } from 'node:v8';
import { afterEach, describe, expect, it } from 'vitest';
import { type Started, startFunctions, type TestFunction, writeFiles } from '../assemblies/start-functions.ts';
import { onLinux } from '../needs.ts';
import { isRunning, isThere, stateOf } from './own-children.ts';

const started: Started[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((each) => each.close()));
});

async function start(code: string, properties: TestFunction['properties'] = {}): Promise<Started> {
  const one = await startFunctions([{ files: { 'index.js': code }, properties }]);
  started.push(one);
  return one;
}

const childrenOfThis = () =>
  readdirSync('/proc/self/task').flatMap(
    (thread) => readFileSync(`/proc/self/task/${thread}/children`, 'utf8').match(/\d+/g) ?? [],
  );

describe('between invocations an environment', () => {
  it('is frozen: unawaited work continues in the next one', onLinux, async () => {
    const {
      function: worker,
      returned,
      line,
    } = await start(`
      let ticks = 0;
      exports.handler = async ({ begin }) => {
        if (begin) setInterval(() => (ticks += 1), 5).unref();
        if (!begin) await new Promise((resolve) => setTimeout(resolve, 30));
        return { pid: process.pid, ticks };
      };`);
    const { pid } = (await returned({ begin: true })) as { pid: number };
    await line('REPORT');
    await expect.poll(() => stateOf(pid)).toBe('T');
    const startedAt = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(stateOf(pid)).toBe('T');
    const { ticks } = (await returned()) as { ticks: number };
    // A timer that ran all the time would have ticked for every 5 ms that went by.
    expect(ticks).toBeLessThan((performance.now() - startedAt) / 5 - 15);
    expect(ticks).toBeGreaterThan(0);
    expect(worker.coldStarts).toBe(1);
  });

  it('that is frozen can be closed, and leaves no process', onLinux, async () => {
    const before = childrenOfThis();
    const one = await startFunctions([{ files: { 'index.js': 'exports.handler = async () => process.pid;' } }]);
    const pid = Number(await one.returned());
    await expect.poll(() => stateOf(pid)).toBe('T');
    const started = childrenOfThis().filter((each) => !before.includes(each));
    expect(started).toContain(String(pid));
    await one.close();
    expect(started.filter((each) => isThere(Number(each)))).toEqual([]);
  });

  it(
    'that dies gets no other one, even while its output is held open by what has left its group',
    onLinux,
    async () => {
      const { function: worker, returned } = await start(`
      exports.handler = async ({ leave }) => {
        if (leave) require('child_process').spawn('sleep', ['1'], { detached: true, stdio: 'inherit' }).unref();
        return process.pid;
      };`);
      const pid = Number(await returned({ leave: true }));
      await expect.poll(() => stateOf(pid)).toBe('T');
      process.kill(pid, 'SIGKILL');
      await expect.poll(() => isThere(pid), { interval: 5 }).toBe(false);
      expect(await returned()).not.toBe(pid);
      expect(worker.coldStarts).toBe(2);
    },
  );

  it('is frozen, and finally closed, with its child processes', onLinux, async () => {
    const one = await startFunctions([
      {
        files: {
          'index.js': `exports.handler = async () =>
            require('child_process').spawn('sleep', ['600'], { stdio: 'ignore' }).pid;`,
        },
      },
    ]);
    const pid = Number(await one.returned());
    await expect.poll(() => stateOf(pid)).toBe('T');
    await one.close();
    await expect.poll(() => isRunning(pid)).toBe(false);
  });
});

/** The clock is moved by much more. */
const aMinute = 60_000;

describe('the process of an environment', () => {
  // A V8 flag that differs from its default makes Node compile each of its own modules, which is a third of a cold
  // start.
  it('has a heap of its memory size, and uses Node’s precompiled modules', async () => {
    const { returned } = await start(
      `const { cachedDataVersionTag, getHeapStatistics } = require('node:v8');
      exports.handler = async () => ({ heap: getHeapStatistics().heap_size_limit, code: cachedDataVersionTag() });`,
      { MemorySize: 200 },
    );
    const { heap, code } = (await returned()) as { heap: number; code: number };
    expect(heap / 1024 / 1024).toBeGreaterThan(180);
    expect(heap / 1024 / 1024).toBeLessThan(250);
    expect(code).toBe(cachedDataVersionTag());
  });
});

describe('the clock of a function', () => {
  const times = `exports.handler = async (event, context) => {
    const first = Date.now();
    const monotonic = performance.now();
    if (event.waits) { console.log('waiting'); while (Date.now() - first < 3_600_000) await new Promise((r) => setTimeout(r, 1)); }
    return { now: Date.now(), date: new Date().getTime(), text: Date(), given: new Date(5).getTime(),
      isDate: new Date() instanceof Date, parsed: Date.parse('1970-01-01'), constructed: new Date().constructor === Date,
      utc: Date.UTC(1970, 0), passed: performance.now() - monotonic, remaining: context.getRemainingTimeInMillis() };
  };`;
  type Times = Record<'now' | 'date' | 'given' | 'parsed' | 'utc' | 'passed' | 'remaining', number> & {
    text: string;
    isDate: boolean;
    constructed: boolean;
  };

  it('is the local cloud’s, in every form of Date, and does not affect the remaining time', async () => {
    const { returned, clock } = await start(times);
    clock.advance(86_400_000);
    for (const mood of ['cold', 'warm']) {
      const seen = (await returned()) as Times;
      expect(Math.abs(seen.now - clock.now()), mood).toBeLessThan(aMinute);
      expect(Math.abs(seen.date - clock.now()), mood).toBeLessThan(aMinute);
      expect(Math.abs(Date.parse(seen.text) - clock.now()), mood).toBeLessThan(aMinute);
      expect(seen).toMatchObject({ given: 5, isDate: true, parsed: 0, constructed: true, utc: 0 });
      expect(seen.remaining).toBeGreaterThan(0);
      expect(seen.remaining).toBeLessThanOrEqual(3000);
      clock.advance(86_400_000);
    }
  });

  it('moves while it runs, and its timers and timeout do not', async () => {
    const { returned, clock, line } = await start(times);
    const pending = returned({ waits: true });
    await line('waiting');
    clock.advance(3_600_000);
    const { passed, remaining, now } = (await pending) as Times;
    expect(Math.abs(now - clock.now())).toBeLessThan(aMinute);
    expect(passed).toBeLessThan(aMinute);
    expect(remaining).toBeGreaterThan(0);
  });

  it('can be skewed for one function', async () => {
    const { returned, faults } = await start(times);
    const takeAway = faults.inject({ kind: 'skew', ms: -600_000, function: 'Function0' });
    const skewed = (await returned()) as Times;
    expect(Math.abs(skewed.now + 600_000 - Date.now())).toBeLessThan(aMinute);
    expect(skewed.remaining).toBeGreaterThan(0);
    expect(skewed.remaining).toBeLessThanOrEqual(3000);
    takeAway();
    expect(Math.abs(((await returned()) as Times).now - Date.now())).toBeLessThan(aMinute);
  });
});

describe('a function with reserved concurrency', () => {
  const slow = `exports.handler = async ({ ms = 0 }) => { console.log('began'); await new Promise((r) => setTimeout(r, ms)); return 'done'; };`;

  it('rejects invocations above it with Lambda’s error, and accepts the next one when one has ended', async () => {
    const { function: worker, line } = await start(slow, { ReservedConcurrentExecutions: 1 });
    const first = worker.invoke('{"ms":200}');
    await line('began');
    expect(await worker.invoke('{}')).toEqual({
      outcome: 'failed',
      isThrottled: true,
      errorType: 'TooManyRequestsException',
      errorMessage: 'Rate Exceeded.',
      payload:
        '{"Reason":"ReservedFunctionConcurrentInvocationLimitExceeded","Type":"User","message":"Rate Exceeded."}',
    });
    expect(await first).toMatchObject({ outcome: 'returned' });
    expect(await worker.invoke('{}')).toMatchObject({ outcome: 'returned' });
    expect(worker.invocations).toBe(2);
  });

  it('of none never runs', async () => {
    const { function: worker } = await start(slow, { ReservedConcurrentExecutions: 0 });
    expect(await worker.invoke('{}')).toMatchObject({ outcome: 'failed', isThrottled: true });
    expect(worker.coldStarts).toBe(0);
  });
});

describe('replaced code', () => {
  /** Ends once there is the file that the event names. */
  const saying = (word: string) => `exports.handler = async ({ file = __filename }) => {
    console.log('${word} began');
    while (!require('fs').existsSync(file)) await new Promise((r) => setTimeout(r, 5));
    return { word: '${word}', pid: process.pid };
  };`;

  it('runs in new invocations at once, while running ones finish with the old code and nothing fails', async () => {
    const { function: worker, returned, line, taskRoot } = await start(saying('old'));
    const busy = returned({ file: join(taskRoot, 'end') });
    await line('old began');
    await returned();
    await writeFiles(taskRoot, { 'index.js': saying('new') });
    worker.replaceCode(taskRoot);
    expect(await returned()).toMatchObject({ word: 'new' });
    await writeFiles(taskRoot, { end: '' });
    const { word, pid } = (await busy) as { word: string; pid: number };
    expect(word).toBe('old');
    await expect.poll(() => isThere(pid)).toBe(false);
    expect(await returned()).toMatchObject({ word: 'new' });
    expect(worker.coldStarts).toBe(3);
  });

  it('may be in another folder, which the function sees as its own', async () => {
    const { function: worker, returned, taskRoot } = await start(`exports.handler = async () => __dirname;`);
    await returned();
    await writeFiles(`${taskRoot}-2`, {
      'index.js': 'exports.handler = async () => [__dirname, process.cwd(), process.env.LAMBDA_TASK_ROOT];',
    });
    worker.replaceCode(`${taskRoot}-2`);
    expect(await returned()).toEqual([`${taskRoot}-2`, `${taskRoot}-2`, `${taskRoot}-2`]);
  });
});
