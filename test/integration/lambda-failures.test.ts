import { afterEach, describe, expect, it } from 'vitest';
import type { InvocationResult } from '../../local/index.ts';
import { maxRequestBytes } from '../../local/lambda/invoke-api.ts';
import { type Started, startFunctions, type TestFunction } from '../assemblies/start-functions.ts';
import { onLinux } from '../needs.ts';

const started: Started[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((each) => each.close()));
});

async function start(code: string, properties: TestFunction['properties'] = {}): Promise<Started> {
  const one = await startFunctions([{ files: { 'index.js': code }, properties }]);
  started.push(one);
  return one;
}

async function fail({ function: worker }: Started, event: unknown = {}) {
  const result: InvocationResult = await worker.invoke(JSON.stringify(event));
  if (result.outcome === 'returned') throw new Error(`It returned ${result.payload}.`);
  return { ...result, error: JSON.parse(result.payload) };
}

const uuid = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const exited = (how: string) => new RegExp(`^RequestId: ${uuid} Error: Runtime exited ${how}$`);
const old = { Runtime: 'nodejs22.x' };

/**
 * The sources are https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html and the runtime client.
 */
describe('a failing function', () => {
  it.each([
    ['exits', 'process.exit(3)', 'with error: exit status 3'],
    ['exits as if all were well', 'process.exit(0)', 'without providing a reason'],
    ['is killed', "process.kill(process.pid, 'SIGKILL')", 'with error: signal: killed'],
    ['aborts', 'process.abort()', 'with error: signal: aborted'],
    ['waits for what never comes', 'await new Promise(() => undefined)', 'without providing a reason'],
    [
      'floats a rejection',
      "Promise.reject(new Error('floats')); await new Promise((r) => setTimeout(r, 500))",
      'with error: exit status 1',
    ],
    [
      'throws where nobody catches',
      "setTimeout(() => { throw new Error('late'); }); await new Promise((r) => setTimeout(r, 500))",
      'with error: exit status 1',
    ],
  ])('that %s fails with the words of AWS, is reported so, and restarts', async (_, code, how) => {
    const one = await start(`exports.handler = async ({ ok }) => { if (ok) return 'well'; ${code}; };`);
    const { error, errorType } = await fail(one);
    expect(errorType).toBe('Runtime.ExitError');
    expect(error).toEqual({ errorType: 'Runtime.ExitError', errorMessage: expect.stringMatching(exited(how)) });
    expect(await one.line('Runtime.ExitError')).toBe(`${error.errorMessage}\nRuntime.ExitError`);
    expect(await one.line('REPORT')).toMatch(/\tStatus: error\tError Type: Runtime\.ExitError$/);
    expect(await one.returned({ ok: true })).toBe('well');
    expect(one.function.coldStarts).toBe(2);
  });

  it('that a fault kills fails once', async () => {
    const one = await start('exports.handler = async () => 1;');
    await one.returned();
    one.faults.inject({ kind: 'kill', function: 'Function0', times: 1 });
    expect((await fail(one)).errorMessage).toMatch(exited('with error: signal: killed'));
    for (let each = 0; each < 5; each += 1) expect(await one.returned()).toBe(1);
  });

  it('that times out has its timeout in the error', async () => {
    const one = await start('exports.handler = () => new Promise((r) => setTimeout(r, 60_000));', { Timeout: 1 });
    const { error } = await fail(one);
    const sentence = 'Task timed out after 1.00 seconds';
    expect(error.errorType).toBe('Sandbox.Timedout');
    expect(error.errorMessage).toMatch(new RegExp(`^RequestId: ${uuid} Error: ${sentence}$`));
    expect(await one.line('Task timed out')).toMatch(new RegExp(`^\\S+Z ${uuid} ${sentence}$`));
    expect(await one.line('REPORT')).toMatch(/\tStatus: timeout$/);
  });

  /** "The Invoke phase ends after the runtime […] sending a Next API request": the next invocation waited forever. */
  it('that is still busy after its answer is ended, and waiting invocations get another environment', async () => {
    // After its answer was written, and before anything is read.
    const spin = 'queueMicrotask(() => process.nextTick(() => { for (;;); }))';
    const code = `exports.handler = async () => { ${spin}; return 'x'.repeat(100_000); };`;
    const one = await startFunctions([{ files: { 'index.js': code }, properties: { Timeout: 1 } }], {
      maxEnvironments: 1,
    });
    started.push(one);
    for (let each = 0; each < 2; each += 1) expect(await one.returned()).toHaveLength(100_000);
    expect(one.function.coldStarts).toBe(2);
    expect(await one.line('Task timed out')).toContain('after 1.00 seconds');
    expect(await one.line('REPORT')).toMatch(/\tStatus: timeout$/);
  });

  it('that uses more than its memory is killed', onLinux, async () => {
    const one = await start(
      `const kept = [];
      exports.handler = async ({ mb = 0, ms = 0 }) => {
        for (let each = 0; each < mb; each += 1) kept.push(Buffer.alloc(1_048_576, 1));
        await new Promise((resolve) => setTimeout(resolve, ms));
        return kept.length;
      };`,
      { MemorySize: 128 },
    );
    expect(await one.returned({ mb: 20 })).toBe(20);
    for (const ms of [0, 2000]) {
      const { error } = await fail(one, { mb: 150, ms });
      expect(error.errorType).toBe('Runtime.ExitError');
      expect(error.errorMessage).toMatch(exited('with error: signal: killed'));
    }
    expect(await one.line('Runtime.OutOfMemory')).toMatch(
      /^REPORT .*\tMemory Size: 128 MB\tMax Memory Used: \d{3} MB\t.*Status: error\tError Type: Runtime\.OutOfMemory$/,
    );
    expect(await one.returned()).toBe(0);
  });
});

// The runtime client leaked a copy of the event for each 64 KB of it. A 6 MB event ended a function of the smallest
// size: the first one on Node 24, the second one on other versions.
it('a function of 128 MB handles event after event of 6 MB, and answers with 6 MB', async () => {
  const one = await start("exports.handler = async ({ bytes = 2 }) => 'x'.repeat(bytes - 2);", { MemorySize: 128 });
  const event = JSON.stringify({ text: '' });
  for (const letter of ['x', 'é', '😀', ' ']) {
    const text = letter.repeat(Math.floor((maxRequestBytes - event.length) / Buffer.byteLength(letter)));
    for (let each = 0; each < 3; each += 1) expect(await one.returned({ text })).toBe('');
  }
  expect(await one.returned({ bytes: maxRequestBytes })).toHaveLength(maxRequestBytes - 2);
  expect(one.function.coldStarts).toBe(1);
});

describe('a function of Node.js 22', () => {
  it.each([
    [
      'floats a rejection',
      "Promise.reject(new Error('floats'))",
      { errorType: 'Runtime.UnhandledPromiseRejection', errorMessage: 'Error: floats' },
      'Unhandled Promise Rejection',
    ],
    [
      'throws where nobody catches',
      "setTimeout(() => { throw new TypeError('late'); })",
      { errorType: 'TypeError', errorMessage: 'late' },
      'Uncaught Exception',
    ],
  ])('that %s reports the error, and then ends', async (_, code, error, log) => {
    const wait = 'await new Promise((r) => setTimeout(r, 500))';
    const one = await start(`exports.handler = async ({ ok }) => { if (ok) return 1; ${code}; ${wait}; };`, old);
    expect((await fail(one)).error).toMatchObject(error);
    expect(await one.line(log)).toMatch(new RegExp(`^\\S+Z\\t${uuid}\\tERROR\\t${log} \\t\\{"errorType":`));
    expect(await one.returned({ ok: true })).toBe(1);
    expect(one.function.coldStarts).toBe(2);
  });

  it('that waits forever fails like an exit of Node.js, and its environment survives', async () => {
    const one = await start('exports.handler = async ({ ok }) => ok ?? (await new Promise(() => undefined));', old);
    expect((await fail(one)).errorType).toBe('Runtime.NodeJsExit');
    expect(await one.returned({ ok: 1 })).toBe(1);
    expect(one.function.coldStarts).toBe(1);
  });
});

describe('a function that cannot be loaded', () => {
  it.each([
    ['has an error of syntax', 'exports.handler = {{', 'Runtime.UserCodeSyntaxError', /^SyntaxError: /],
    ['throws', "throw new RangeError('no configuration')", 'RangeError', /^no configuration$/],
    ['misses a module', "require('nowhere')", 'Runtime.ImportModuleError', /^Error: Cannot find module 'nowhere'/],
    [
      'exports no handler',
      'exports.other = 1',
      'Runtime.HandlerNotFound',
      /^index\.handler is undefined or not exported$/,
    ],
    ['exports no function', 'exports.handler = {}', 'Runtime.HandlerNotFound', /^index\.handler is not a function$/],
    [
      'wants a callback, which Node.js 24 has not',
      'exports.handler = (event, context, callback) => callback(null, 1)',
      'Runtime.CallbackHandlerDeprecated',
      /^ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node\.js 24\. You need to modify this function to use a supported handler signature to use Node\.js 24 or later\. For more information see https:\/\/docs\.aws\.amazon\.com\/lambda\/latest\/dg\/nodejs-handler\.html\.$/,
    ],
    ['exits', 'process.exit(4)', 'Runtime.ExitError', exited('with error: exit status 4')],
  ])('because it %s fails, and is reported so', async (_, code, errorType, errorMessage) => {
    const one = await start(code);
    const { error } = await fail(one);
    expect(error.errorType).toBe(errorType);
    expect(error.errorMessage).toMatch(errorMessage);
    expect(await one.line('INIT_REPORT')).toMatch(
      new RegExp(`^INIT_REPORT Init Duration: [\\d.]+ ms\\tPhase: init\\tStatus: error\\tError Type: ${errorType}$`),
    );
    expect(await one.line('\tStatus: error\tError Type: ')).toBeDefined();
    expect(one.lines.filter((line) => line.startsWith('REPORT'))).toHaveLength(1);
  });

  /** Its environment kept its slot, and after `maxEnvironments` of them the next invocation waited forever. */
  it('and catches the exit is ended nevertheless', async () => {
    const code = `process.on('unhandledRejection', () => undefined);
      setInterval(() => undefined, 1000);
      throw new RangeError('no configuration');`;
    const one = await startFunctions([{ files: { 'index.js': code } }], { maxEnvironments: 1 });
    started.push(one);
    for (let each = 0; each < 2; each += 1) expect((await fail(one)).errorType).toBe('RangeError');
    expect(one.function.coldStarts).toBe(2);
  });

  it('in Node.js 22 logs it as an uncaught exception', async () => {
    const one = await start("require('nowhere')", old);
    expect((await fail(one)).errorType).toBe('Runtime.ImportModuleError');
    expect(await one.line('Uncaught Exception')).toMatch(/^\S+Z\tundefined\tERROR\tUncaught Exception \t\{/);
  });

  it('whose handler name leads out of its folder is rejected', async () => {
    const one = await start('', { Handler: '../index.handler' });
    expect((await fail(one)).errorType).toBe('Runtime.MalformedHandlerName');
  });
});

describe('a handler’s result', () => {
  it.each([
    ['a cycle', 'const a = {}; a.a = a; return a;'],
    ['a BigInt', 'return 1n;'],
  ])('fails when it is %s', async (_, code) => {
    const one = await start(`exports.handler = async () => { ${code} };`);
    expect((await fail(one)).error).toMatchObject({
      errorType: 'Runtime.JSONStringifyError',
      errorMessage: 'Unable to stringify response body',
    });
    expect(await fail(one)).toMatchObject({ outcome: 'failed' });
    expect(one.function.coldStarts).toBe(1);
  });

  // https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
  it('may have 6 MB and 100 bytes; with one more it fails, and its environment survives', async () => {
    const one = await start("exports.handler = async ({ bytes }) => 'x'.repeat(bytes - 2);");
    expect(await one.returned({ bytes: 6_291_556 })).toHaveLength(6_291_554);
    expect((await fail(one, { bytes: 6_291_557 })).error).toEqual({
      errorType: 'Function.ResponseSizeTooLarge',
      errorMessage: 'Response payload size exceeded maximum allowed payload size (6291556 bytes).',
    });
    expect(await one.line('LAMBDA_RUNTIME')).toMatch(
      /^\[ERROR\] \[\d+\] LAMBDA_RUNTIME Failed to post handler success response\. Http response code: 413\. \{"errorMessage":"Exceeded maximum allowed payload size \(6291556 bytes\)\.","errorType":"RequestEntityTooLarge"\}$/,
    );
    expect(await one.returned({ bytes: 70_000 })).toHaveLength(69_998);
    expect(one.function.coldStarts).toBe(1);
  });

  it('may be large and contain any character', async () => {
    const one = await start("exports.handler = async ({ text }) => text + 'é😀'.repeat(100_000);");
    const text = 'ä'.repeat(200_000);
    expect(await one.returned({ text })).toBe(text + 'é😀'.repeat(100_000));
  });
});
