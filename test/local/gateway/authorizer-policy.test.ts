import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluatePolicy } from '../../../local/gateway/authorizer.ts';

const arn = 'arn:aws:execute-api:us-east-1:123456789012:abcdef1234/prod/$connect';

function statement(Effect: string, Resource: unknown, Action: unknown = 'execute-api:Invoke') {
  return { Effect, Resource, Action };
}

function evaluate(...Statement: unknown[]) {
  return evaluatePolicy({ Version: '2012-10-17', Statement }, arn);
}

describe('an authorizer policy', () => {
  it.each([
    arn,
    '*',
    'arn:aws:execute-api:us-east-1:123456789012:abcdef1234/prod/*',
    'arn:aws:execute-api:us-east-1:123456789012:abcdef1234/*',
    'arn:aws:execute-api:*:*:*',
    'arn:aws:execute-api:us-east-?:123456789012:*/$connect',
    'arn:aws:execute-api:*',
  ])('allows $connect through %s (18)', (resource) => {
    expect(evaluate(statement('Allow', resource))).toBe('allow');
  });

  it.each([
    'arn:aws:execute-api:us-east-1:123456789012:abcdef1234/prod/*/*',
    'arn:aws:execute-api:us-east-1:123456789012:abcdef1234/prod',
    'arn:aws:execute-api:us-east-1:123456789012:other/prod/$connect',
    'arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/*',
    'arn:aws:lambda:*',
    'arn:aws:execute-api:us-east-1:123456789012:ABCDEF1234/prod/$connect',
    '',
  ])('does not allow it through %s (18)', (resource) => {
    expect(evaluate(statement('Allow', resource))).toBe('no matching allow');
  });

  it('lets an explicit deny win over an allow, in any order (17)', () => {
    const [allow, deny] = [statement('Allow', '*'), statement('Deny', arn)];
    expect(evaluate(allow, deny)).toBe('explicit deny');
    expect(evaluate(deny, allow)).toBe('explicit deny');
    expect(evaluate(allow, statement('Deny', 'arn:aws:execute-api:*:*:other/*'))).toBe('allow');
  });

  it('needs an action that covers execute-api:Invoke, in any case', () => {
    for (const action of ['execute-api:Invoke', 'execute-api:*', '*', 'Execute-API:INVOKE', ['s3:Get*', '*:Invoke']]) {
      expect(evaluate(statement('Allow', '*', action))).toBe('allow');
    }
    expect(evaluate(statement('Allow', '*', 'execute-api:ManageConnections'))).toBe('no matching allow');
  });

  it.each([
    ['no document', undefined],
    ['a text', '{"Statement":[]}'],
    ['a list', []],
    ['no statement', { Version: '2012-10-17' }],
    ['no effect', { Statement: [{ Action: '*', Resource: '*' }] }],
    ['another effect', { Statement: [statement('allow', '*')] }],
    ['no resource', { Statement: [{ Effect: 'Allow', Action: '*' }] }],
    ['a number among its resources', { Statement: [statement('Allow', ['*', 7])] }],
    ['a condition, which is not emulated', { Statement: [{ ...statement('Allow', '*'), Condition: {} }] }],
  ])('with %s is malformed (19)', (_, document) => {
    expect(evaluatePolicy(document, arn)).toBe('malformed');
  });

  it('never throws and is never slow, whatever the authorizer returns', () => {
    const document = fc.record({ Statement: fc.array(fc.anything()) });
    fc.assert(fc.property(fc.oneof(fc.anything(), document), (any) => void evaluatePolicy(any, arn)));
    const stars = `arn:aws:execute-api:*:*:${'*a'.repeat(2000)}`;
    expect(evaluatePolicy({ Statement: [statement('Allow', stars)] }, arn)).toBe('no matching allow');
  });
});
