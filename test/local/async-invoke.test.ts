import { describe, expect, it } from 'vitest';
import { createAsyncInvoker } from '../../local/lambda/async-invoke.ts';
import type { InvocationResult } from '../../local/lambda/environment.ts';
import type { LogEntry } from '../../local/log.ts';
import { readProperties, type StackResource } from '../../local/template/stack.ts';

const failed: InvocationResult = { outcome: 'failed', payload: '{}', errorType: 'Error', errorMessage: 'no' };
const returned: InvocationResult = { outcome: 'returned', payload: 'null' };

function invokerOf(results: InvocationResult[], properties?: Record<string, number>) {
  const log: LogEntry[] = [];
  const payloads: string[] = [];
  let settle: () => void = () => undefined;
  const settled = new Promise<void>((resolve) => {
    settle = resolve;
  });
  const target = {
    logicalId: 'Worker',
    invoke: async (payload: string) => {
      payloads.push(payload);
      const result = results.shift() ?? returned;
      if (result.outcome === 'returned') settle();
      return result;
    },
  };
  const configuration: StackResource = {
    logicalId: 'Retries',
    type: 'AWS::Lambda::EventInvokeConfig',
    ref: 'Retries',
    properties: readProperties({ FunctionName: 'Worker', ...properties }, 'Retries'),
    attribute: () => '',
  };
  const stack = { ofType: () => (properties === undefined ? [] : [configuration]) };
  const onLog = (entry: LogEntry) => {
    log.push(entry);
    if (entry.kind === 'async-abandoned') settle();
  };
  const invoker = createAsyncInvoker(stack, { find: () => target }, onLog, [1, 2]);
  return { run: () => invoker.invoke(target, '{"a":1}'), invoker, settled, log, payloads };
}

describe('an asynchronous invocation', () => {
  it('is tried again with the same event until it succeeds', async () => {
    const { run, settled, log, payloads } = invokerOf([failed, failed, returned]);
    run();
    await settled;
    expect(payloads).toEqual(['{"a":1}', '{"a":1}', '{"a":1}']);
    expect(log.map(({ kind }) => kind)).toEqual(['async-retry', 'async-retry']);
  });

  it('is given up after two more attempts', async () => {
    const { run, settled, log, payloads } = invokerOf([failed, failed, failed, returned]);
    run();
    await settled;
    expect(payloads).toHaveLength(3);
    expect(log.at(-1)).toEqual({ kind: 'async-abandoned', function: 'Worker', attempts: 3 });
  });

  it('is given up, and the process lives, when it cannot even be tried', async () => {
    const log: LogEntry[] = [];
    const target = { logicalId: 'Worker', invoke: () => Promise.reject(new Error('a fault')) };
    await new Promise<void>((resolve) => {
      const onLog = (entry: LogEntry) => {
        log.push(entry);
        resolve();
      };
      createAsyncInvoker({ ofType: () => [] }, { find: () => target }, onLog).invoke(target, '{}');
    });
    expect(log).toEqual([{ kind: 'async-abandoned', function: 'Worker', attempts: 1 }]);
  });

  it.each([
    ['MaximumRetryAttempts', { MaximumRetryAttempts: 0 }],
    ['MaximumEventAgeInSeconds', { MaximumEventAgeInSeconds: 0 }],
  ])('is tried as often as the template says: %s', async (_, properties) => {
    const { run, settled, payloads } = invokerOf([failed, returned], properties);
    run();
    await settled;
    expect(payloads).toHaveLength(1);
  });
});
