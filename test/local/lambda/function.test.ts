import { tmpdir } from 'node:os';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createClock } from '../../../local/clock.ts';
import { createFaults } from '../../../local/faults.ts';
import { runtimeSource } from '../../../local/lambda/environment-process.ts';
import { createFreezer, type Freezer } from '../../../local/lambda/freezer.ts';
import { LocalFunction } from '../../../local/lambda/function.ts';

const started: LocalFunction[] = [];
const freezers: Freezer[] = [];
afterEach(async () => {
  vi.useRealTimers();
  await Promise.all(started.splice(0).map((each) => each.close()));
  await Promise.all(freezers.splice(0).map((each) => each.close()));
});

/** A runtime client that starts but never asks for an event. */
const neverReady = "console.log('loading'); module.exports.start = () => setInterval(() => undefined, 1e6);";

/** Starts a function with this runtime client. */
function start(script: string, variables: Record<string, string> = {}) {
  const freezer = createFreezer();
  freezers.push(freezer);
  let onLine: (line: string) => void = () => undefined;
  const firstLine = new Promise<string>((resolve) => {
    onLine = resolve;
  });
  const local = new LocalFunction({
    logicalId: 'Worker',
    name: 'Worker',
    functionArn: 'arn:aws:lambda:us-east-1:123456789012:function:Worker',
    timeoutMs: 3000,
    taskRoot: tmpdir(),
    region: 'us-east-1',
    runtime: script,
    memoryMb: 128,
    logFormat: 'Text',
    systemLogLevel: 'INFO',
    redirects: { hosts: {}, certificate: '' },
    clock: createClock(),
    faults: createFaults(1),
    freezer,
    observe: () => undefined,
    maxEnvironments: 1,
    reservedConcurrency: undefined,
    variables: () => ({ ...variables, PATH: process.env['PATH'] ?? '' }),
    onLine,
    onWaiting: () => undefined,
    onFailure: () => undefined,
  });
  started.push(local);
  return { local, firstLine };
}

const missing = `Error: Cannot find module 'missing'\nRequire stack:\n- /var/runtime/index.mjs`;
const handlers = new URL('../../assemblies/handlers', import.meta.url).pathname;

describe('a function that does not start', () => {
  it.each([
    ['has no such file', 'missing.handler', 'Runtime.ImportModuleError', missing],
    ['exports no such handler', 'worker.other', 'Runtime.HandlerNotFound', 'worker.other is undefined or not exported'],
    ['throws while it is loaded', 'broken.handler', 'RangeError', 'no configuration'],
  ])('because it %s fails on every invocation', async (_, _HANDLER, errorType, errorMessage) => {
    const { local } = start(runtimeSource, { _HANDLER, LAMBDA_TASK_ROOT: handlers });
    expect(await local.invoke('{}')).toMatchObject({ outcome: 'failed', errorType, errorMessage });
    expect(await local.invoke('{}')).toMatchObject({ outcome: 'failed', errorType, errorMessage });
    expect(local.coldStarts).toBe(2);
  });

  it('because it exits reports the exit status', async () => {
    const { local } = start('process.exit(7)');
    const result = await local.invoke('{}');
    expect(result).toMatchObject({ outcome: 'failed', errorType: 'Runtime.ExitError' });
    expect(result.payload).toContain('Runtime exited with error: exit status 7');
  });

  it('within its init and its own timeout fails as timed out', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { local, firstLine } = start(neverReady);
    const results: unknown[] = [];
    const result = local.invoke('{}');
    result.then((each) => results.push(each));
    await firstLine;
    await vi.advanceTimersByTimeAsync(12_999);
    expect(results).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(await result).toMatchObject({ outcome: 'failed', errorType: 'Sandbox.Timedout' });
  });
});

describe('a function that is closed', () => {
  it('fails running, waiting and later invocations', async () => {
    const { local, firstLine } = start(neverReady);
    const pending = [local.invoke('{}'), local.invoke('{}')];
    await firstLine;
    await local.close();
    const results = await Promise.all([...pending, local.invoke('{}')]);
    expect(results.map((result) => result.outcome === 'failed' && result.errorType)).toEqual([
      'Runtime.ExitError',
      'LocalCloudClosed',
      'LocalCloudClosed',
    ]);
  });
});
