import { describe, expect, it } from 'vitest';
import { createClock } from '../../../local/clock.ts';
import { type AsyncTarget, createAsyncInvoker } from '../../../local/lambda/async-invoke.ts';
import { failure, type InvocationResult, throttled } from '../../../local/lambda/invocation.ts';
import type { LogEntry } from '../../../local/log.ts';
import { readProperties, type StackResource } from '../../../local/template/stack.ts';

const failed = failure('Error', 'no');
const returned: InvocationResult = { outcome: 'returned', payload: '{"b":2}' };

interface FakeFunction extends AsyncTarget {
  readonly payloads: string[];
  readonly requestIds: (string | undefined)[];
}

function fake(logicalId: string, results: InvocationResult[], reservedConcurrency?: number): FakeFunction {
  const payloads: string[] = [];
  const requestIds: (string | undefined)[] = [];
  return {
    logicalId,
    arn: `arn:aws:lambda:us-east-1:123456789012:function:${logicalId}`,
    reservedConcurrency,
    payloads,
    requestIds,
    invoke: async (payload, requestId) => {
      payloads.push(payload);
      requestIds.push(requestId);
      return results.shift() ?? returned;
    },
  };
}

function invokerOf(worker: FakeFunction, properties: Record<string, unknown> = {}) {
  const log: LogEntry[] = [];
  const clock = createClock(() => 0);
  const destination = fake('Destination', []);
  const configuration: StackResource = {
    logicalId: 'Retries',
    type: 'AWS::Lambda::EventInvokeConfig',
    ref: 'Retries',
    properties: readProperties({ FunctionName: 'Worker', ...(properties as Record<string, string>) }, 'Retries'),
    attribute: () => '',
  };
  const find = (name: string) => [worker, destination].find((each) => name === each.logicalId || name === each.arn);
  const invoker = createAsyncInvoker({ ofType: () => [configuration] }, { find }, (entry) => log.push(entry), clock);
  /** Lets settled promises continue. */
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return {
    log,
    destination,
    async run() {
      invoker.invoke(worker, '{"a":1}', 'the-request');
      await settle();
    },
    async pass(ms: number) {
      clock.advance(ms);
      await settle();
    },
    close() {
      invoker.close();
      clock.close();
    },
  };
}

const to = (condition: string, arn = 'Destination') => ({ DestinationConfig: { [condition]: { Destination: arn } } });

describe('an asynchronous invocation', () => {
  it('is retried after one minute and after two more, with the same event and request id', async () => {
    const worker = fake('Worker', [failed, failed, returned]);
    const { run, pass, log, close } = invokerOf(worker);
    await run();
    await pass(59_999);
    expect(worker.payloads).toHaveLength(1);
    await pass(1);
    expect(worker.payloads).toHaveLength(2);
    await pass(119_999);
    expect(worker.payloads).toHaveLength(2);
    await pass(1);
    expect(worker.payloads).toEqual(['{"a":1}', '{"a":1}', '{"a":1}']);
    expect(new Set(worker.requestIds)).toEqual(new Set(['the-request']));
    expect(log.map(({ kind }) => kind)).toEqual(['async-retry', 'async-retry']);
    close();
  });

  it('is abandoned after two retries', async () => {
    const worker = fake('Worker', [failed, failed, failed, returned]);
    const { run, pass, log, close } = invokerOf(worker);
    await run();
    await pass(60_000);
    await pass(120_000);
    await pass(3_600_000);
    expect(worker.payloads).toHaveLength(3);
    expect(log.at(-1)).toEqual({ kind: 'async-abandoned', function: 'Worker', attempts: 3 });
    close();
  });

  it('is abandoned without ending the process if it cannot start', async () => {
    const worker = { ...fake('Worker', []), invoke: () => Promise.reject(new Error('a fault')) };
    const { run, log, close } = invokerOf(worker);
    await run();
    expect(log).toEqual([{ kind: 'async-abandoned', function: 'Worker', attempts: 1 }]);
    close();
  });

  it.each([
    ['MaximumRetryAttempts', { MaximumRetryAttempts: 0 }],
    ['MaximumEventAgeInSeconds', { MaximumEventAgeInSeconds: 59 }],
  ])('is retried as often as the template sets: %s', async (_, properties) => {
    const worker = fake('Worker', [failed, returned]);
    const { run, pass, close } = invokerOf(worker, properties);
    await run();
    await pass(3_600_000);
    expect(worker.payloads).toHaveLength(1);
    close();
  });

  it('that is throttled is retried after one second to five minutes, for up to six hours, without counting attempts', async () => {
    const worker = fake(
      'Worker',
      Array.from({ length: 500 }, () => throttled),
    );
    const { run, pass, log, destination, close } = invokerOf(worker, to('OnFailure'));
    await run();
    for (let minute = 0; minute < 7 * 60; minute += 1) await pass(60_000);
    const waitsMs = log.flatMap((entry) => (entry.kind === 'async-retry' ? [entry.afterMs] : []));
    expect(waitsMs.slice(0, 10)).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 64_000, 128_000, 256_000, 300_000]);
    expect(waitsMs.reduce((one, other) => one + other)).toBeLessThanOrEqual(21_600_000);
    expect(log.at(-1)).toMatchObject({ kind: 'async-abandoned' });
    expect(JSON.parse(destination.payloads[0] ?? '').requestContext).toMatchObject({
      condition: 'EventAgeExceeded',
      approximateInvokeCount: 0,
    });
    close();
  });

  it('of a function with a reserved concurrency of 0 goes to the destination at once', async () => {
    const worker = fake('Worker', [throttled], 0);
    const { run, destination, close } = invokerOf(worker, to('OnFailure'));
    await run();
    expect(JSON.parse(destination.payloads[0] ?? '')).toMatchObject({
      requestContext: { condition: 'ZeroReservedConcurrency', approximateInvokeCount: 0 },
    });
    close();
  });
});

describe('a destination', () => {
  it("on success gets AWS's record", async () => {
    const { run, destination, close } = invokerOf(fake('Worker', [returned]), to('OnSuccess'));
    await run();
    expect(JSON.parse(destination.payloads[0] ?? '')).toEqual({
      version: '1.0',
      timestamp: '1970-01-01T00:00:00.000Z',
      requestContext: {
        requestId: 'the-request',
        functionArn: 'arn:aws:lambda:us-east-1:123456789012:function:Worker:$LATEST',
        condition: 'Success',
        approximateInvokeCount: 1,
      },
      requestPayload: { a: 1 },
      responseContext: { statusCode: 200, executedVersion: '$LATEST' },
      responsePayload: { b: 2 },
    });
    close();
  });

  it('on failure gets one record with the error after the last attempt', async () => {
    const worker = fake('Worker', [failed, failed]);
    const { run, pass, destination, close } = invokerOf(worker, { MaximumRetryAttempts: 1, ...to('OnFailure') });
    await run();
    expect(destination.payloads).toEqual([]);
    await pass(60_000);
    expect(destination.payloads).toHaveLength(1);
    expect(JSON.parse(destination.payloads[0] ?? '')).toMatchObject({
      requestContext: { condition: 'RetriesExhausted', approximateInvokeCount: 2 },
      responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
      responsePayload: { errorType: 'Error', errorMessage: 'no' },
    });
    close();
  });

  // Up to Node 24 its record could not be written, and the invocation counted as abandoned.
  it('on success gets a deeply nested payload', async () => {
    const nested = '['.repeat(50_000) + ']'.repeat(50_000);
    const worker = fake('Worker', [{ outcome: 'returned', payload: nested }]);
    const { run, log, destination, close } = invokerOf(worker, to('OnSuccess'));
    await run();
    expect(destination.payloads.map((each) => each.endsWith(`,"responsePayload":${nested}}`))).toEqual([true]);
    expect(JSON.parse(destination.payloads[0] ?? '')).toMatchObject({ requestPayload: { a: 1 } });
    expect(log).toEqual([]);
    close();
  });

  it.each(['arn:aws:sqs:us-east-1:123456789012:queue', 'arn:aws:sns:us-east-1:123456789012:topic'])(
    'that is not a function is rejected with its path: %s',
    (arn) => {
      expect(() => invokerOf(fake('Worker', []), to('OnFailure', arn))).toThrow(
        `Retries.DestinationConfig.OnFailure.Destination: ${arn} is not emulated: only functions of this stack are.`,
      );
    },
  );
});
