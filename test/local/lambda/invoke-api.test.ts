import { describe, expect, it } from 'vitest';
import type { Functions } from '../../../local/lambda/functions.ts';
import { type InvocationResult, throttled } from '../../../local/lambda/invocation.ts';
import { invokeFunction } from '../../../local/lambda/invoke-api.ts';

/** The Invoke API in front of one function with this result. */
function serviceOf(result: InvocationResult) {
  const requestIds: (string | undefined)[] = [];
  const target = {
    invoke: async (_: string, requestId?: string) => {
      requestIds.push(requestId);
      return result;
    },
  };
  const functions = { find: () => target } as unknown as Functions;
  const invoker = {
    invoke: (_: unknown, __: string, requestId?: string) => void requestIds.push(requestId),
    close: () => undefined,
  };
  return {
    requestIds,
    invoke: (type: string, body = '{}') => invokeFunction(functions, invoker, 'Worker', type, body),
  };
}

describe('the Invoke API', () => {
  // https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
  it('answers 429 with the reason if the reserved concurrency is in use', async () => {
    const { invoke } = serviceOf(throttled);
    const { status, headers, body } = await invoke('RequestResponse');
    expect(status).toBe(429);
    expect(headers).toMatchObject({ 'x-amzn-ErrorType': 'TooManyRequestsException' });
    expect(JSON.parse(body ?? '')).toEqual({
      Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded',
      Type: 'User',
      message: 'Rate Exceeded.',
    });
  });

  // https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
  it("accepts an event of 1 MB and rejects one byte more, with Lambda's message", async () => {
    const { invoke, requestIds } = serviceOf({ outcome: 'returned', payload: 'null' });
    const eventOf = (bytes: number) => `"é${'x'.repeat(bytes - 4)}"`;
    expect((await invoke('Event', eventOf(1_048_576))).status).toBe(202);
    const { status, headers, body } = await invoke('Event', eventOf(1_048_577));
    expect(status).toBe(413);
    expect(headers).toEqual({ 'x-amzn-ErrorType': 'RequestEntityTooLargeException' });
    expect(JSON.parse(body ?? '').message).toBe(
      '1048577 byte payload is too large for the Event invocation type (limit 1048576 bytes)',
    );
    expect((await invoke('RequestResponse', eventOf(1_048_577))).status).toBe(200);
    expect(requestIds).toHaveLength(2);
  });

  it.each(['RequestResponse', 'Event'])('returns the request id that the function gets: %s', async (type) => {
    const { invoke, requestIds } = serviceOf({ outcome: 'returned', payload: 'null' });
    const { headers } = await invoke(type);
    expect(requestIds).toEqual([headers?.['x-amzn-RequestId']]);
    expect(requestIds[0]).toMatch(/^[0-9a-f-]{36}$/);
  });
});
