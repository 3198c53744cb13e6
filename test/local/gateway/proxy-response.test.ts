import { describe, expect, it } from 'vitest';
import { readProxyResponse } from '../../../local/gateway/integration.ts';

describe("an integration's answer", () => {
  // An empty payload once ended the process by an unhandled rejection.
  it.each([
    '',
    'undefined',
    '{',
    'null',
    '"text"',
    '[]',
    '{}',
    '{"statusCode":"x"}',
    '{"statusCode":null}',
    '{"statusCode":[200]}',
    '{"statusCode":{"valueOf":1,"toString":1}}',
  ])('is not a proxy response if it is `%s`', (payload) => {
    expect(readProxyResponse({ outcome: 'returned', payload })).toBeUndefined();
  });

  it('has status, body and case-insensitive headers', () => {
    const payload = JSON.stringify({ statusCode: 200, body: 'b', headers: { 'X-Own': 'c' } });
    const response = readProxyResponse({ outcome: 'returned', payload });
    expect(response).toMatchObject({ statusCode: 200, body: 'b' });
    expect(response?.header('x-OWN')).toBe('c');
  });

  it('omits headers whose value is not text', () => {
    const headers = { none: null, object: { toString: 1 } };
    const payload = JSON.stringify({ statusCode: 200, headers, multiValueHeaders: { empty: [] } });
    const response = readProxyResponse({ outcome: 'returned', payload });
    expect(['none', 'object', 'empty'].map((name) => response?.header(name))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});
