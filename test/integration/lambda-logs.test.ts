import { afterEach, describe, expect, it } from 'vitest';
import { type Started, startFunctions, type TestFunction } from '../assemblies/start-functions.ts';

const started: Started[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((each) => each.close()));
});

async function start(code: string, properties: TestFunction['properties'] = {}): Promise<Started> {
  const one = await startFunctions([{ files: { 'index.js': code }, properties }]);
  started.push(one);
  return one;
}

/** Ids, times and figures, which differ each time. */
function plain(line: string): string {
  return line
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>')
    .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '<id>')
    .replaceAll(/\d+(\.\d\d)? (ms|MB)/g, '# $2')
    .replace(/nodejs:[\d.]+/, 'nodejs:#');
}

const report =
  'REPORT RequestId: <id>\tDuration: # ms\tBilled Duration: # ms\tMemory Size: # MB\tMax Memory Used: # MB\t';

describe('the log of a function', () => {
  it('has the lines of AWS, in their order', async () => {
    const { returned, lines, line } = await start(
      `console.log('loading');
      exports.handler = async () => { console.info('one %d', 1); console.warn('two\\nlines'); console.debug({ a: 1 }); };`,
    );
    await returned();
    await line('REPORT');
    await returned();
    await expect.poll(() => lines.filter((each) => each.startsWith('REPORT'))).toHaveLength(2);
    const ofInvocation = [
      'START RequestId: <id> Version: $LATEST',
      '<time>\t<id>\tINFO\tone 1',
      '<time>\t<id>\tWARN\ttwo\nlines',
      '<time>\t<id>\tDEBUG\t{ a: 1 }',
      'END RequestId: <id>',
    ];
    expect(lines.map(plain)).toEqual([
      'INIT_START Runtime Version: nodejs:#\tRuntime Version ARN: arn:aws:lambda:us-east-1::runtime:local',
      '<time>\t-\tINFO\tloading',
      ...ofInvocation,
      `${report}Init Duration: # ms\t`,
      ...ofInvocation,
      report,
    ]);
  });

  it('bills the init with the first invocation, and tells the memory it has', async () => {
    const { returned, line } = await start('exports.handler = async () => 1;', { MemorySize: 512 });
    await returned();
    const figures =
      /Duration: ([\d.]+) ms\tBilled Duration: (\d+) ms\tMemory Size: 512 MB\t.*Init Duration: ([\d.]+) ms/.exec(
        await line('REPORT'),
      );
    const [duration, billed, init] = (figures ?? []).slice(1).map(Number);
    expect(Math.abs(Number(duration) + Number(init) - Number(billed))).toBeLessThanOrEqual(1.01);
  });

  it('has a handler’s error in one line, with its stack', async () => {
    const { function: worker, line } = await start(
      "exports.handler = async () => { throw Object.assign(new TypeError('no'), { code: 'E', own: 1 }); };",
    );
    await worker.invoke('{}');
    const [, head, json] = /^(.*)\t(\{.*)$/.exec(await line('Invoke Error')) ?? [];
    expect(plain(head ?? '')).toBe('<time>\t<id>\tERROR\tInvoke Error ');
    expect(JSON.parse(json ?? '')).toMatchObject({ errorType: 'TypeError', errorMessage: 'no', code: 'E', own: 1 });
    expect(JSON.parse(json ?? '').stack[0]).toBe('TypeError: no');
  });

  it('keeps text that is written directly to the streams unchanged', async () => {
    const { returned, line } = await start(
      `exports.handler = async () => { process.stdout.write('{"level":"INFO"}\\n'); process.stderr.write('plain\\r\\n'); };`,
    );
    await returned();
    expect(await line('level')).toBe('{"level":"INFO"}');
    expect(await line('plain')).toBe('plain');
  });

  it('is observed with the request of each line', async () => {
    const { returned, observations, line } = await start(
      "console.log('loading'); exports.handler = async ({ fails }) => { console.log('said'); if (fails) throw new RangeError(); };",
    );
    await returned();
    await line('REPORT');
    const [invoked, finished] = ['invoked', 'finished'].map((kind) => observations.find((each) => each.kind === kind));
    expect(invoked).toMatchObject({ function: 'Function0', isCold: true });
    const { requestId } = invoked as { requestId: string };
    expect(finished).toMatchObject({ requestId, durationMs: expect.any(Number), initMs: expect.any(Number) });
    const belongs = (text: string) =>
      observations.flatMap((each) => (each.kind === 'line' && each.text.includes(text) ? [each.requestId] : []));
    expect(belongs('loading')).toEqual([undefined]);
    for (const text of ['said', 'START RequestId', 'END', 'REPORT']) expect(belongs(text), text).toEqual([requestId]);
    await expect(returned({ fails: true })).rejects.toThrow();
    await expect
      .poll(() => observations.filter((each) => each.kind === 'finished'))
      .toMatchObject([{}, { errorType: 'RangeError' }]);
  });
});

describe('the log of a function in JSON', () => {
  const json = (more: Record<string, string> = {}) => ({ LoggingConfig: { LogFormat: 'JSON', ...more } });
  const code = `exports.handler = async () => {
    console.debug('hidden');
    console.log('one', 1);
    console.warn({ a: 1 });
    console.error('failed:', new RangeError('far'));
  };`;

  it('has every message and every line of Lambda as an object, from INFO on', async () => {
    const { returned, lines, line } = await start(code, json());
    await returned();
    await line('platform.report');
    const records = lines.map((each) => JSON.parse(each));
    expect(records.map(({ type, level }) => type ?? level)).toEqual([
      'platform.initStart',
      'platform.start',
      'INFO',
      'WARN',
      'ERROR',
      'platform.report',
    ]);
    const requestId = records[1].record.requestId;
    expect(records[2]).toEqual({ timestamp: expect.any(String), level: 'INFO', requestId, message: 'one 1' });
    expect(records[3]).toMatchObject({ message: { a: 1 } });
    expect(records[4]).toMatchObject({ errorType: 'RangeError', errorMessage: 'far', stackTrace: expect.any(Array) });
    expect(records[5].record).toMatchObject({
      requestId,
      status: 'success',
      metrics: { durationMs: expect.any(Number), billedDurationMs: expect.any(Number), memorySizeMB: 128 },
    });
  });

  it('begins at the level of the template', async () => {
    const { returned, lines, line } = await start(code, json({ ApplicationLogLevel: 'ERROR' }));
    await returned();
    await line('platform.report');
    expect(lines.flatMap((each) => JSON.parse(each).level ?? [])).toEqual(['ERROR']);
  });

  it('leaves out Lambda’s lines of successful invocations at the level WARN', async () => {
    const {
      returned,
      function: worker,
      lines,
      line,
    } = await start(
      `exports.handler = async ({ fails }) => {
        process.stdout.write('{"_aws":{},"HandshakeRefused":1}\\n');
        if (fails) process.exit(1);
      };`,
      json({ SystemLogLevel: 'WARN' }),
    );
    await returned();
    await worker.invoke('{"fails":true}');
    await line('platform.report');
    const records = lines.map((each) => JSON.parse(each));
    // A metric is no line of Lambda's, and has no level: it stays.
    expect(records.filter((record) => record.HandshakeRefused === 1)).toHaveLength(2);
    const ofLambda = records.filter(({ type }) => type !== undefined);
    expect(ofLambda.map(({ type, record }) => [type, record.status])).toEqual([['platform.report', 'error']]);
  });

  it.each([
    ['SystemLogLevel', { SystemLogLevel: 'WARN' }],
    ['SystemLogLevel', { LogFormat: 'JSON', SystemLogLevel: 'DEBUG' }],
    ['ApplicationLogLevel', { ApplicationLogLevel: 'DEBUG' }],
    ['LogFormat', { LogFormat: 'XML' }],
  ])('is rejected with a %s that is not emulated, by its path', async (name, LoggingConfig) => {
    await expect(start(code, { LoggingConfig })).rejects.toThrow(`Function0.LoggingConfig.${name}`);
  });
});
