import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findFunctionId, shortNames } from '../../../local/lambda/function-names.ts';

const ours = [
  'SessionSocketAuthorizerFunctionE310AEC6',
  'SessionSocketConnectFunction0A1B2C3D',
  'SessionSocketDisconnectFunctionFFFF0000',
];

describe('the short name of a function', () => {
  it.each([
    ['omits the hash and the words that all share', ours, ['Authorizer', 'Connect', 'Disconnect']],
    ['is the logical id if nothing can be omitted', ['Connect', 'Message'], ['Connect', 'Message']],
    ['omits the hash if there is only one function', ['ChatHandler12345678'], ['ChatHandler']],
    ['is the whole id if the short name would be empty', ['Chat', 'ChatConnect'], ['Chat', 'ChatConnect']],
    ['is the whole id if short names would be equal', ['Fn00000000', 'Fn11111111'], ['Fn00000000', 'Fn11111111']],
    ['cuts words, not letters', ['AppConnect', 'AppClose'], ['Connect', 'Close']],
  ])('%s', (_, ids, names) => {
    expect([...shortNames(ids).values()]).toEqual(names);
  });

  it('is unique', () => {
    const id = fc.stringMatching(/^([A-Z][a-z]{0,2}){1,4}([0-9A-F]{8})?$/);
    fc.assert(
      fc.property(fc.uniqueArray(id, { minLength: 1, maxLength: 6 }), (ids) => {
        const names = shortNames(ids);
        expect(new Set(names.values()).size).toBe(ids.length);
        for (const each of ids) expect(findFunctionId(each, ids)).toBe(each);
      }),
    );
  });
});

describe('a function is found', () => {
  it.each([
    ['its logical id', 'SessionSocketConnectFunction0A1B2C3D', ours[1]],
    ['its short name, even if it is part of another', 'Connect', ours[1]],
    ['a unique part', 'SocketAuth', ours[0]],
  ])('by %s', (_, name, id) => {
    expect(findFunctionId(name, ours)).toBe(id);
  });

  it('by no other name; the error lists all functions', () => {
    expect(() => findFunctionId('Tick', ours)).toThrow('There is no function Tick: Authorizer, Connect, Disconnect.');
    expect(() => findFunctionId('onnect', ours)).toThrow(
      'More than one function matches onnect: Authorizer, Connect, Disconnect.',
    );
  });
});
