import { describe, expect, it } from 'vitest';
import {
  createStringifiedWarning,
  decide,
  hasIdentity,
  parseIdentitySource,
} from '../../../local/gateway/authorizer.ts';
import type { LogEntry } from '../../../local/log.ts';

const arn = 'arn:aws:execute-api:us-east-1:123456789012:abcdef1234/prod/$connect';
const policyDocument = { Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] };

function returned(answer: unknown) {
  return decide({ outcome: 'returned', payload: JSON.stringify(answer) }, arn);
}

function failed(errorMessage: string) {
  return decide({ outcome: 'failed', payload: '{}', errorType: 'Error', errorMessage }, arn);
}

describe("an authorizer's answer", () => {
  it('passes on its context and principal as strings', () => {
    const answer = {
      principalId: 'user:1',
      policyDocument,
      context: { a: 'x', n: 1.5, b: false, principalId: 'other' },
    };
    expect(returned(answer)).toEqual({
      outcome: 'authorized',
      context: { a: 'x', n: '1.5', b: 'false', principalId: 'user:1' },
      stringified: ['n', 'b'],
    });
  });

  it('is a 401 for exactly Unauthorized and a 500 for any other error (16, 19)', () => {
    expect(failed('Unauthorized')).toMatchObject({ status: 401 });
    expect(failed('unauthorized')).toMatchObject({ status: 500 });
    expect(failed('Unauthorized ')).toMatchObject({ status: 500 });
  });

  it.each([[null], ['Unauthorized'], [[]], [{}], [{ principalId: 'u', isAuthorized: true }]])(
    '%j is no policy: 500 (19)',
    (answer) => {
      expect(returned(answer)).toMatchObject({ outcome: 'refused', status: 500 });
    },
  );

  it.each(['', 'undefined', '<html>'])('that is not JSON, such as "%s", is a 500', (payload) => {
    expect(decide({ outcome: 'returned', payload }, arn)).toMatchObject({ outcome: 'refused', status: 500 });
  });

  it.each([[{ a: {} }], [{ a: [] }], [{ a: null }], [[]], ['text']])('a context of %j is a 500 (21)', (context) => {
    expect(returned({ principalId: 'u', policyDocument, context })).toMatchObject({ outcome: 'refused', status: 500 });
  });

  it('may have 8 KB, but not one byte more (25)', () => {
    const answer = (length: number) => ({ principalId: 'u', policyDocument, context: { text: 'x'.repeat(length) } });
    const room = 8192 - JSON.stringify(answer(0)).length;
    expect(returned(answer(room))).toMatchObject({ outcome: 'authorized' });
    expect(returned(answer(room + 1))).toMatchObject({ outcome: 'refused', status: 500 });
  });
});

it('a warning names context values that become strings, once per set of keys (21)', () => {
  const log: LogEntry[] = [];
  const warn = createStringifiedWarning('Authorizer');
  for (const keys of [[], ['n', 'b'], ['b', 'n'], ['n']]) warn(keys, (entry) => log.push(entry));
  expect(log).toEqual([
    { kind: 'context-stringified', authorizer: 'Authorizer', keys: ['b', 'n'] },
    { kind: 'context-stringified', authorizer: 'Authorizer', keys: ['n'] },
  ]);
  // A function that invents a key per connection gets a limited number of warnings.
  for (let each = 0; each < 1000; each += 1) warn([`key${each}`], (entry) => log.push(entry));
  expect(log).toHaveLength(20);
});

describe('an identity source', () => {
  it('names a header, a query parameter, a stage variable or a part of the context', () => {
    expect(parseIdentitySource('route.request.header.Sec-WebSocket-Protocol', 'A')).toEqual({
      in: 'header',
      name: 'Sec-WebSocket-Protocol',
    });
    expect(parseIdentitySource('route.request.querystring.token', 'A')).toEqual({ in: 'querystring', name: 'token' });
    expect(parseIdentitySource('stageVariables.tier', 'A')).toEqual({ in: 'stageVariables', name: 'tier' });
    expect(parseIdentitySource('context.identity.sourceIp', 'A')).toEqual({ in: 'context', name: 'identity.sourceIp' });
  });

  it.each([
    ['route.request.header.authorization', true],
    ['route.request.header.Empty', false],
    ['route.request.querystring.token', true],
    ['route.request.querystring.Token', false],
    ['stageVariables.tier', true],
    ['stageVariables.other', false],
    ['context.identity.sourceIp', true],
    ['context.identity.userAgent', false],
  ])('%s is there and not empty: %s', (source, isThere) => {
    const request = {
      headers: [
        ['Authorization', 'x'],
        ['Empty', ''],
      ] as const,
      query: [['token', 'x']] as const,
      stageVariables: { tier: 'gold' },
      context: { identity: { sourceIp: '127.0.0.1' } },
    };
    expect(hasIdentity(parseIdentitySource(source, 'A'), request)).toBe(isThere);
  });

  it.each(['$request.header.X', 'route.request.header.', 'route.request.body.x'])(
    'is rejected in the form %s (26)',
    (source) => {
      expect(() => parseIdentitySource(source, 'A')).toThrow(`A: the identity source ${source}`);
    },
  );
});
