import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { connectionIdOf, socketIdOf } from '../../../functions/core/connections/connection.ts';
import { anyText } from '../../fakes/any-text.ts';

const pusherSocketId = /^\d+\.\d+$/;

describe('a socket id', () => {
  it.each(['L0SM9cOFvHcCIhw=', 'BFHPhfCWIAMCKlQ=', 'BFaT_fALIAMCKug=', 'abc-_DEF012345=='])(
    'of the connection %s converts back to it',
    (connectionId) => {
      const socketId = socketIdOf(connectionId);
      expect(socketId).toMatch(pusherSocketId);
      expect(connectionIdOf(socketId)).toBe(connectionId);
    },
  );

  it('has the bytes of each half as one number', () => {
    expect(socketIdOf('L0SM9cOFvHcCIhw=')).toBe('5489979536905031494.8523171435444205373');
    expect(socketIdOf('ABC')).toBe(`${0x4142}.${0x43}`);
  });

  it('is reversible for every printable connection id of up to 52 characters', () => {
    const printable = fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code));
    fc.assert(
      fc.property(fc.string({ unit: printable, minLength: 2, maxLength: 52 }), (connectionId) => {
        const socketId = socketIdOf(connectionId);
        expect(socketId).toMatch(pusherSocketId);
        expect(connectionIdOf(socketId)).toBe(connectionId);
      }),
    );
  });

  it('differs for different connections', () => {
    const ids = ['ab', 'ba', 'abc', 'acb', 'a!', '!a', 'abcd', 'abdc', 'L0SM9cOFvHcCIhw=', 'L0SM9cOFvHcCIhx='];
    expect(new Set(ids.map(socketIdOf))).toHaveLength(ids.length);
  });
});

describe('an invalid socket id', () => {
  it.each([
    '',
    '.',
    '1',
    '1.',
    '.1',
    '1.2.3',
    '-1.2',
    '1.-2',
    '+1.2',
    '1e5.2',
    '0x41.0x42',
    ' 65.66',
    '65.66\n',
    '65.66 ',
    '٦٥.٦٦',
    '０６５.66',
    '65,66',
    '0.0',
    '0.66',
    '65.0',
    '065.66',
    '65.066',
    '1.1',
    '32.66',
    '65.127',
    '65.128',
    '65.256',
    // Halves of another connection's id, split elsewhere: "A" and "BBB" instead of "AB" and "BB".
    '65.4342338',
    '999999.65',
    `${'9'.repeat(64)}.65`,
    `${'9'.repeat(65)}.65`,
    `${'9'.repeat(1_000_000)}.1`,
    '65.65.',
    'NaN.NaN',
    '65.66; DROP TABLE',
    '__proto__',
  ])('belongs to no connection: %.40s', (socketId) => {
    expect(connectionIdOf(socketId)).toBeUndefined();
  });

  it('never throws, and any connection id that it gives converts back to it', () => {
    const digits = fc.string({ unit: fc.constantFrom(...'0123456789'), maxLength: 70 });
    const likeOne = fc.tuple(digits, digits).map(([a, b]) => `${a}.${b}`);
    fc.assert(
      fc.property(fc.oneof(anyText, likeOne), (socketId) => {
        const connectionId = connectionIdOf(socketId);
        if (connectionId !== undefined) expect(socketIdOf(connectionId)).toBe(socketId);
      }),
    );
  });
});
