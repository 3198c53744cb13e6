import { describe, expect, it } from 'vitest';
import { decide, parseIdentitySource } from '../../local/gateway/authorizer.ts';

const arn = 'arn:aws:execute-api:us-east-1:123456789012:abcdef1234/prod/$connect';
const policyDocument = { Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] };

function returned(answer: unknown) {
  return decide({ outcome: 'returned', payload: JSON.stringify(answer) }, arn);
}

function failed(errorMessage: string) {
  return decide({ outcome: 'failed', payload: '{}', errorType: 'Error', errorMessage }, arn);
}

describe("an authorizer's answer", () => {
  it('brings its context and principal on, as strings', () => {
    const answer = {
      principalId: 'user:1',
      policyDocument,
      context: { a: 'x', n: 1.5, b: false, principalId: 'other' },
    };
    expect(returned(answer)).toEqual({
      outcome: 'authorized',
      context: { a: 'x', n: '1.5', b: 'false', principalId: 'user:1' },
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

  it.each(['', 'undefined', '<html>'])('that is no JSON, such as "%s", is a 500 and throws nothing', (payload) => {
    expect(decide({ outcome: 'returned', payload }, arn)).toMatchObject({ outcome: 'refused', status: 500 });
  });

  it.each([[{ a: {} }], [{ a: [] }], [{ a: null }], [[]], ['text']])('a context of %j is a 500 (21)', (context) => {
    expect(returned({ principalId: 'u', policyDocument, context })).toMatchObject({ outcome: 'refused', status: 500 });
  });

  it('may have 8 KB and not a byte more (25)', () => {
    const answer = (length: number) => ({ principalId: 'u', policyDocument, context: { text: 'x'.repeat(length) } });
    const room = 8192 - JSON.stringify(answer(0)).length;
    expect(returned(answer(room))).toMatchObject({ outcome: 'authorized' });
    expect(returned(answer(room + 1))).toMatchObject({ outcome: 'refused', status: 500 });
  });
});

describe('an identity source', () => {
  it('names a header or a query parameter', () => {
    expect(parseIdentitySource('route.request.header.Sec-WebSocket-Protocol', 'A')).toEqual({
      in: 'header',
      name: 'Sec-WebSocket-Protocol',
    });
    expect(parseIdentitySource('route.request.querystring.token', 'A')).toEqual({ in: 'querystring', name: 'token' });
  });

  it.each(['$request.header.X', 'route.request.header.', 'stageVariables.x', 'route.request.body.x'])(
    'is refused in the form %s (26)',
    (source) => {
      expect(() => parseIdentitySource(source, 'A')).toThrow(`A: the identity source ${source}`);
    },
  );
});
